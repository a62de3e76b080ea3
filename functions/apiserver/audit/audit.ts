/**
 * Records requests by an audit policy, as events of audit.k8s.io/v1, one JSON document a line.
 * Source: apiserver, pkg/endpoints/filters/audit.go and pkg/audit/request.go.
 */
import { boundedJson } from '../../kube/bounded-json.ts';
import { type Json, isJsonObject } from '../../kube/object.ts';
import { agentGroup } from '../../node-protocol/node-poll.ts';
import { microTimestamp } from '../../kube/time.ts';
import type { Clock } from '../../world.ts';
import { bodyBytesMax, parsedBody, readBytes } from '../http/request-body.ts';
import { namespaceOf } from '../http/request-info.ts';
import type { Connection, RequestInfo, User } from '../ports.ts';
import { levelWithin } from './confidential.ts';
import { type AuditPolicy, namesGroup, type Recording, recordingOf, type Stage } from './policy.ts';
import { sourceIps } from './source-ips.ts';

export interface AuditSink {
  /** Takes one line, without waiting. */
  write(line: string): void;
}

export interface AuditOptions {
  readonly policy: AuditPolicy;
  readonly sink: AuditSink;
  readonly clock: Pick<Clock, 'now'>;
}

export interface Audited {
  readonly auditId: string;
  readonly request: Request;
  readonly url: URL;
  readonly info: RequestInfo;
  /** Undefined: the credentials were wrong, or there were none where they are needed. */
  readonly user: User | undefined;
  readonly connection: Connection;
}

/** What becomes known of a request while it is served. */
export interface Findings {
  readonly annotations: ReadonlyMap<string, string>;
  /** The name of the object that is written, as the client sent it. */
  readonly objectName: string;
  /** It answers as long as the client stays. */
  readonly isLasting: boolean;
}

/** The events of one request. */
export interface Trail {
  impersonated(user: User): void;
  /** Answers with the response, which may have been read. */
  responded(response: Response, findings: Findings): Promise<Response>;
  /** An answer that lasts has come to its end. */
  ended(): void;
}

export interface Audit {
  /** Undefined: nothing of it is recorded. */
  begin(audited: Audited): Trail | undefined;
}

export function createAudit({ policy, sink, clock }: AuditOptions): Audit {
  const hasPolls = namesGroup(policy, agentGroup);
  return {
    begin(audited) {
      // Nodes poll all day: a policy that wants to record it names it.
      if (audited.info.group === agentGroup && !hasPolls) return undefined;
      const recording = recordingOf(policy, audited.user, audited.info);
      const level = levelWithin(recording.level, audited.info);
      if (level === 'None') return undefined;
      return new RecordedTrail({ audited, recording: { ...recording, level }, sink, clock });
    },
  };
}

interface TrailParts extends Pick<AuditOptions, 'sink' | 'clock'> {
  readonly audited: Audited;
  readonly recording: Recording;
}

type Event = Record<string, unknown>;

class RecordedTrail implements Trail {
  readonly #parts: TrailParts;
  readonly #receivedMs: number;
  readonly #sent: Promise<Json | undefined>;
  #impersonated: User | undefined;
  #last: Event | undefined;
  #hasEnded = false;

  constructor(parts: TrailParts) {
    this.#parts = parts;
    this.#receivedMs = parts.clock.now();
    const wantsBody = parts.recording.level !== 'Metadata' && parts.audited.info.isResource;
    this.#sent = wantsBody && parts.audited.request.body !== null ? bodyOf(parts.audited.request.clone() as Request) : nothing;
    if (this.#isKnown) this.#write('RequestReceived', this.#head());
  }

  impersonated(user: User): void {
    this.#impersonated = user;
  }

  /** Upstream records one event for wrong credentials. Source: authn_audit.go, WithFailedAuthenticationAudit. */
  get #isKnown(): boolean {
    return this.#parts.audited.user !== undefined;
  }

  async responded(response: Response, { annotations, objectName, isLasting }: Findings): Promise<Response> {
    const { recording } = this.#parts;
    const [answer, shown] = await this.#answerOf(response, isLasting);
    const sent = await this.#sent;
    const status = statusOf(response, shown);
    const known: Event = {
      ...this.#head({ objectName, sent }),
      responseStatus: status,
      ...(sent === undefined ? {} : { requestObject: withoutManagedFields(sent, recording) }),
      ...(shown === undefined || recording.level !== 'RequestResponse' ? {} : { responseObject: withoutManagedFields(shown, recording) }),
    };
    const all = { ...known, ...(annotations.size === 0 ? {} : { annotations: Object.fromEntries(annotations) }) };
    this.#last = all;
    const lasts = isLasting && response.ok;
    if (isLasting || !this.#isKnown) this.#write('ResponseStarted', all);
    if (!this.#isKnown) return answer;
    if (!lasts || this.#hasEnded) this.#write('ResponseComplete', all);
    return answer;
  }

  ended(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    if (this.#last !== undefined) this.#write('ResponseComplete', this.#last);
  }

  /** The response, and the document in it where that is to be recorded or is a Status. */
  async #answerOf(response: Response, isLasting: boolean): Promise<readonly [Response, Json | undefined]> {
    const { recording, audited } = this.#parts;
    const { verb, subresource } = audited.info;
    const isStatus = !response.ok || verb === 'delete' || verb === 'deletecollection' || (verb === 'create' && subresource !== '');
    if ((isLasting && response.ok) || !(isStatus || recording.level === 'RequestResponse')) return [response, undefined];
    if (response.body === null || !isJson(response)) return [response, undefined];
    const text = await response.text();
    const { status, statusText, headers } = response;
    return [new Response(text, { status, statusText, headers }), jsonOf(text)];
  }

  #head({ objectName = '', sent }: { objectName?: string; sent?: Json | undefined } = {}): Event {
    const { audited, recording } = this.#parts;
    const { auditId, request, url, info, user, connection } = audited;
    const agent = request.headers.get('user-agent') ?? '';
    return {
      kind: 'Event',
      apiVersion: 'audit.k8s.io/v1',
      level: recording.level,
      auditID: auditId,
      requestURI: `${url.pathname}${url.search}`,
      verb: info.verb,
      user: user === undefined ? {} : userInfo(user),
      ...(this.#impersonated === undefined ? {} : { impersonatedUser: userInfo(this.#impersonated) }),
      sourceIPs: sourceIps(request.headers, connection.remoteAddress),
      ...(agent === '' ? {} : { userAgent: agent.length > agentMax ? `${agent.slice(0, agentMax)}...TRUNCATED` : agent }),
      ...(info.isResource ? { objectRef: objectRefOf(info, objectName, sent) } : {}),
    };
  }

  #write(stage: Stage, event: Event): void {
    const { recording, sink, clock } = this.#parts;
    if (recording.omitStages.includes(stage)) return;
    const { kind, apiVersion, level, auditID, annotations, ...rest } = event;
    const times = { requestReceivedTimestamp: microTimestamp(this.#receivedMs), stageTimestamp: microTimestamp(clock.now()) };
    const noted = annotations === undefined ? {} : { annotations };
    sink.write(JSON.stringify({ kind, apiVersion, level, auditID, stage, ...rest, ...times, ...noted }));
  }
}

const nothing: Promise<undefined> = Promise.resolve(undefined);
const agentMax = 1024;
const statusKind = 'Status';

const userInfo = ({ name, uid = '', groups, extra = {} }: User): object => ({
  username: name,
  ...(uid === '' ? {} : { uid }),
  ...(groups.length === 0 ? {} : { groups }),
  ...(Object.keys(extra).length === 0 ? {} : { extra }),
});

function objectRefOf(info: RequestInfo, objectName: string, sent: Json | undefined): object {
  const { resource, name, group, version, subresource } = info;
  const metadata = fieldOf(sent, 'metadata');
  const text = (field: string): string => {
    const value = fieldOf(metadata, field);
    return typeof value === 'string' ? value : '';
  };
  const all = {
    resource,
    namespace: namespaceOf(info),
    name: name === '' ? objectName : name,
    uid: text('uid'),
    apiGroup: group,
    apiVersion: version,
    resourceVersion: text('resourceVersion'),
    subresource,
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== ''));
}

const fieldOf = (value: Json | undefined, field: string): Json | undefined => (isJsonObject(value) ? value[field] : undefined);

const isJson = ({ headers }: Response): boolean => (headers.get('content-type') ?? '').startsWith('application/json');

/** The whole body if it is a Status; for another object only the code. */
function statusOf({ status }: Response, shown: Json | undefined): object {
  const code = { metadata: {}, code: status };
  if (!isJsonObject(shown) || shown['kind'] !== statusKind) return code;
  const { kind: _kind, apiVersion: _apiVersion, ...rest } = shown;
  return { ...code, ...rest };
}

function jsonOf(text: string): Json | undefined {
  try {
    return boundedJson(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return undefined;
  }
}

/** What cannot be read is left out: its refusal names the reason. */
async function bodyOf(request: Request): Promise<Json | undefined> {
  try {
    const bytes = await readBytes(request, bodyBytesMax);
    const isPatch = (request.headers.get('content-type') ?? '').includes('patch+');
    if (!isPatch) return (await parsedBody(request, bytes))?.value;
    return jsonOf(Buffer.from(bytes).toString('utf8'));
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return undefined;
  }
}

/** Also of each object in a list. */
function withoutManagedFields(value: Json, { omitManagedFields }: Pick<Recording, 'omitManagedFields'>): Json {
  if (!omitManagedFields || !isJsonObject(value)) return value;
  const shown = { ...value };
  if (isJsonObject(shown['metadata'])) {
    const { managedFields: _managedFields, ...metadata } = shown['metadata'];
    shown['metadata'] = metadata;
  }
  if (Array.isArray(shown['items'])) shown['items'] = shown['items'].map((item) => withoutManagedFields(item, { omitManagedFields }));
  return shown;
}
