/** Sends the steps of a case to both servers, each with what it answered before, and compares answer by answer. */
import { parse } from 'yaml';
import { deepEqual } from '../../../functions/kube/equality.ts';
import type { Json, JsonObject } from '../../../functions/kube/object.ts';
import type { Case, Step } from '../cases/case.ts';
import { type ApiConnection, hangUp, type OpenedWatch, type ReceivedAnswer, type SentRequest } from '../servers/api-connection.ts';
import { type ComparableAnswer, type Difference, differencesOf } from './differences.ts';
import { createNormaliser, type Normaliser } from './normalise.ts';
import { isObject } from '../json.ts';

export interface StepOutcome {
  readonly request: string;
  readonly differences: readonly Difference[];
  readonly theirs: ComparableAnswer;
  readonly ours: ComparableAnswer;
}

export interface CaseOutcome {
  readonly case: Case;
  /** Steps that were answered differently. */
  readonly unequal: readonly StepOutcome[];
  /** We failed with a 5xx where upstream did not. */
  readonly isServerError: boolean;
}

const watchWaitMs = 1500;

interface Memory {
  uid: string;
  resourceVersion: string;
}

/** What later steps may name: of the last object that this server answered with. */
function remember(memory: Memory, { status, text }: ReceivedAnswer): void {
  if (status >= 300 || !text.startsWith('{')) return;
  const { metadata } = JSON.parse(text) as JsonObject;
  if (!isObject(metadata) || typeof metadata['uid'] !== 'string') return;
  memory.uid = metadata['uid'];
  if (typeof metadata['resourceVersion'] === 'string') memory.resourceVersion = metadata['resourceVersion'];
}

function requestOf({ method, path, body, base64, headers = {} }: Step, memory: Memory): SentRequest {
  const fill = (text: string): string => text.replaceAll('{uid}', memory.uid).replaceAll('{resourceVersion}', memory.resourceVersion);
  const text = body === undefined ? undefined : fill(typeof body === 'string' ? body : JSON.stringify(body));
  const type: Record<string, string> = body === undefined ? {} : { 'content-type': 'application/json' };
  const bytes = base64 === undefined ? undefined : Buffer.from(base64, 'base64');
  return { method, path: fill(path), headers: { accept: 'application/json', ...type, ...headers }, body: text, bytes };
}

/** Kinds whose status the API server itself writes a moment after the object. */
const settling: Readonly<Record<string, { readonly collection: string; isSettled(object: JsonObject): boolean }>> = {
  CustomResourceDefinition: {
    collection: '/apis/apiextensions.k8s.io/v1/customresourcedefinitions',
    isSettled: (object) => {
      const isTerminating = isObject(object['metadata']) && object['metadata']['deletionTimestamp'] !== undefined;
      return !isTerminating && (hasCondition(object, 'Established', 'True') || hasCondition(object, 'NamesAccepted', 'False'));
    },
  },
  FlowSchema: {
    collection: '/apis/flowcontrol.apiserver.k8s.io/v1/flowschemas',
    isSettled: (object) => hasCondition(object, 'Dangling', 'True') || hasCondition(object, 'Dangling', 'False'),
  },
};

function hasCondition({ status }: JsonObject, type: string, value: string): boolean {
  const conditions = isObject(status) && Array.isArray(status['conditions']) ? status['conditions'] : [];
  return conditions.some((condition) => isObject(condition) && condition['type'] === type && condition['status'] === value);
}

const settleWaitMs = 50;
const settleReadsMax = 40;

/** The next step meets the object as its server leaves it, or none where it goes away. */
async function settled(api: ApiConnection, { status, text }: ReceivedAnswer): Promise<ReceivedAnswer | undefined> {
  if (status >= 300 || !text.startsWith('{')) return undefined;
  const { kind, metadata } = JSON.parse(text) as JsonObject;
  const rule = typeof kind === 'string' ? settling[kind] : undefined;
  if (rule === undefined || !isObject(metadata) || typeof metadata['name'] !== 'string') return undefined;
  const path = `${rule.collection}/${encodeURIComponent(metadata['name'])}`;
  for (let reads = 0; reads < settleReadsMax; reads += 1) {
    const read = await api.send({ method: 'GET', path, headers: { accept: 'application/json' } });
    if (read.status !== 200 || rule.isSettled(JSON.parse(read.text) as JsonObject)) return read;
    await new Promise((resolve) => setTimeout(resolve, settleWaitMs));
  }
  return undefined;
}

interface SideAnswers {
  readonly answers: readonly ReceivedAnswer[];
}

export async function runOn(api: ApiConnection, { steps }: Case): Promise<SideAnswers> {
  const memory: Memory = { uid: 'none', resourceVersion: '0' };
  const answers: (ReceivedAnswer | undefined)[] = [];
  const watches: { index: number; count: number; opened: OpenedWatch }[] = [];
  for (const [index, step] of steps.entries()) {
    const request = requestOf(step, memory);
    if (step.watchedEvents !== undefined) {
      const opened = api.watch(request);
      await opened.answered;
      watches.push({ index, count: step.watchedEvents, opened });
      answers.push(undefined);
      continue;
    }
    const answer = await api.send(request);
    remember(memory, answer);
    answers.push(answer);
    const settledAnswer = await settled(api, answer);
    if (settledAnswer !== undefined) remember(memory, settledAnswer);
  }
  for (const { index, count, opened } of watches) answers[index] = await opened.collect(count, watchWaitMs);
  return { answers: answers.filter((answer) => answer !== undefined) };
}

function parsed(text: string, type: string): Json {
  try {
    if (type.includes('json') || type.includes('protobuf')) return JSON.parse(text) as Json;
    return type.includes('yaml') ? (parse(text) as Json) : text;
  } catch (error) {
    if (error instanceof Error) return text;
    throw error;
  }
}

/** Several values of a header may come in one line or in several. */
const eachWarning = (line: string): readonly string[] => line.split(/, (?=299 - ")/);

/** Each server sends a bookmark when its own clock comes round; only the one that ends the first events stands for something. */
const isPassingBookmark = (line: string): boolean => line.includes('"type":"BOOKMARK"') && !line.includes('k8s.io/initial-events-end');

function comparable(step: Step, { status, headers, warnings, text }: ReceivedAnswer, normaliser: Normaliser): ComparableAnswer {
  const type = headers['content-type'] ?? '';
  const isWatch = step.watchedEvents !== undefined && status === 200;
  const common = {
    status,
    headers: normaliser.headers(headers),
    warnings: warnings.flatMap(eachWarning).map((warning) => normaliser.text(warning)),
  };
  if (!isWatch) return { ...common, body: normaliser.body(parsed(text, type)) };
  const events = text.split('\n').filter((line) => line !== '' && !isPassingBookmark(line));
  const normalised = events.map((line) => normaliser.body(parsed(line, type)));
  return { ...common, body: null, events: normalised.filter((event, index) => !isSettling(event, normalised[index - 1])) };
}

/** A controller within the server wrote the status of a kind that settles: nothing else of the object changed. */
const isSettling = (event: Json, before: Json | undefined): boolean =>
  isObject(event) &&
  isObject(before) &&
  event['type'] === 'MODIFIED' &&
  isObject(event['object']) &&
  typeof event['object']['kind'] === 'string' &&
  Object.hasOwn(settling, event['object']['kind']) &&
  deepEqual(event['object'], before['object']);

export interface Contest {
  readonly upstream: ApiConnection;
  readonly ours: ApiConnection;
  readonly serviceCidr: string;
}

export async function runCase(tried: Case, { upstream, ours, serviceCidr }: Contest): Promise<CaseOutcome> {
  const [theirs, own] = await Promise.all([runOn(upstream, tried), runOn(ours, tried)]);
  const about = { requested: JSON.stringify(tried.steps), serviceCidr, nowMs: Date.now() };
  const [theirNames, ownNames] = [createNormaliser(about), createNormaliser(about)];
  let isServerError = false;
  const unequal = tried.steps.flatMap((step, index): StepOutcome[] => {
    const [a, b] = [theirs.answers[index], own.answers[index]];
    // Upstream itself failed: there is nothing to compare with.
    if (a === undefined || b === undefined || a === hangUp) return [];
    isServerError ||= b.status >= 500 && a.status < 500;
    const [theirAnswer, ownAnswer] = [comparable(step, a, theirNames), comparable(step, b, ownNames)];
    const differences = [...differencesOf(theirAnswer, ownAnswer)];
    return differences.length === 0 ? [] : [{ request: `${step.method} ${step.path}`, differences, theirs: theirAnswer, ours: ownAnswer }];
  });
  return { case: tried, unequal, isServerError };
}
