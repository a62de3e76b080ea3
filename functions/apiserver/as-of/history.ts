/** What became of objects between two moments: each change with its time, oldest first. */
import type { Past } from '../../archive/past.ts';
import { PastObject } from '../../archive/past-object.ts';
import { Removed } from '../../archive/catalog.ts';
import type { ArchivedChange, LogPosition } from '../../archive/step.ts';
import { StatusError } from '../../kube/status-error.ts';
import { groupResource } from '../../kube/resource-type.ts';
import { StoreError } from '../../store/store.ts';
import { fromStore } from '../registry/commit.ts';
import type { RequestInfo } from '../ports.ts';
import type { AskedMoment } from './moment.ts';

export interface HistoryRequest {
  /** The place of the first moment. */
  readonly after: LogPosition;
  readonly to: AskedMoment;
  /** What the path names: one object, or a list of them. */
  readonly info: RequestInfo;
  readonly query: URLSearchParams;
}

export interface HistoryItem {
  /** RFC 3339. */
  readonly time: string;
  readonly revision: number;
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object: unknown;
}

const limitUsual = 500;
const limitMax = 5000;
const types = { added: 'ADDED', modified: 'MODIFIED', deleted: 'DELETED' } as const;

/** A list of HistoryItem; `continue` is the time from which the rest is to be asked for. */
export async function historyOf({ past }: { readonly past: Past }, request: HistoryRequest): Promise<Response> {
  const { info, query } = request;
  if (!info.isResource || info.subresource !== '') throw new StatusError(400, 'BadRequest', 'only objects have a history');
  // A caller may be allowed to read only what its selector selects.
  const selector = ['fieldSelector', 'labelSelector'].find((name) => query.has(name));
  if (selector !== undefined) throw new StatusError(400, 'BadRequest', `a history takes no ${selector}`);
  const body = await fromStore(() => collected(past, request));
  return new Response(JSON.stringify({ apiVersion: 'archive.hibernetes.dev/v1', kind: 'History', ...body }), {
    headers: { 'content-type': 'application/json', 'cache-control': 'no-cache, private' },
  });
}

interface Collected {
  readonly metadata: { readonly continue?: string };
  readonly items: readonly HistoryItem[];
}

async function collected(past: Past, { after, to, info, query }: HistoryRequest): Promise<Collected> {
  const count = limitOf(query.get('limit'));
  const isWanted = wantedBy(info);
  const items: HistoryItem[] = [];
  try {
    for await (const step of past.steps(after)) {
      if (step.place.timeMs > to.timeMs) break;
      const time = new Date(step.place.timeMs).toISOString();
      // Steps of one millisecond stay together: a time is where the rest begins.
      if (items.length >= count && time !== items.at(-1)?.time) return { metadata: { continue: items.at(-1)?.time ?? time }, items };
      const wanted = step.changes.filter(isWanted);
      await past.envelopes.load(wanted);
      for (const change of wanted) items.push(itemOf(past, change, time));
    }
  } catch (error) {
    if (!(error instanceof Removed)) throw error;
    throw new StoreError('unavailable', 'the archive was compacted while it was read', { cause: error });
  }
  return { metadata: {}, items };
}

function limitOf(text: string | null): number {
  const limit = Number(text ?? '');
  return Number.isInteger(limit) && limit > 0 ? Math.min(limit, limitMax) : limitUsual;
}

const itemOf = ({ envelopes }: Past, change: ArchivedChange, time: string): HistoryItem => ({
  time,
  revision: change.revision,
  type: types[change.type],
  object: new PastObject(change, envelopes).object,
});

function wantedBy({ group, resource, namespace, name }: RequestInfo): (change: ArchivedChange) => boolean {
  const wanted = groupResource({ group, resource });
  return ({ key }) => key.resource === wanted && (namespace === '' || key.namespace === namespace) && (name === '' || key.name === name);
}
