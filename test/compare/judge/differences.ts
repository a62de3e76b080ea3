/** Where two answers to one request differ, by sort. Bodies are compared after what must differ was made equal. */
import { deepEqual } from '../../../functions/kube/equality.ts';
import type { Json, JsonObject } from '../../../functions/kube/object.ts';
import { isObject } from '../json.ts';

export const sorts = ['status', 'reason', 'causes', 'message', 'object', 'events', 'warnings', 'headers'] as const;
export type Sort = (typeof sorts)[number];

export interface ComparableAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly warnings: readonly string[];
  /** Parsed where it is JSON or YAML. */
  readonly body: Json;
  /** The events of a watch, one a line. */
  readonly events?: readonly Json[];
}

export interface Difference {
  readonly sort: Sort;
  /** `spec.priority: absent → 0`, upstream's first. */
  readonly text: string;
}

const shownMax = 5;
const textMax = 400;
const contextLength = 60;

const shown = (value: Json | undefined): string => (value === undefined ? 'absent' : JSON.stringify(value).slice(0, textMax));

/** Paths whose values differ. */
export function* pathsBetween(theirs: Json | undefined, ours: Json | undefined, path: string): Generator<string> {
  if (deepEqual(theirs, ours)) return;
  if (isObject(theirs) && isObject(ours)) {
    for (const name of new Set([...Object.keys(theirs), ...Object.keys(ours)])) {
      yield* pathsBetween(theirs[name], ours[name], path === '' ? name : `${path}.${name}`);
    }
  } else if (Array.isArray(theirs) && Array.isArray(ours) && theirs.length === ours.length) {
    for (const [index, item] of theirs.entries()) yield* pathsBetween(item, ours[index], `${path}[${index}]`);
  } else yield `${path}: ${shownPair(theirs, ours)}`;
}

/** Long texts from where they part. */
function shownPair(theirs: Json | undefined, ours: Json | undefined): string {
  if (typeof theirs !== 'string' || typeof ours !== 'string' || theirs.length < textMax) return `${shown(theirs)} → ${shown(ours)}`;
  let alike = 0;
  while (alike < theirs.length && theirs[alike] === ours[alike]) alike += 1;
  const from = Math.max(0, alike - contextLength);
  return `… ${shown(theirs.slice(from))} → … ${shown(ours.slice(from))}`;
}

const describe = (theirs: Json | undefined, ours: Json | undefined): string =>
  [...pathsBetween(theirs, ours, '')].slice(0, shownMax).join('\n');

const isStatus = (body: Json): body is JsonObject => isObject(body) && body['kind'] === 'Status' && body['status'] === 'Failure';

function* failureDifferences(theirs: JsonObject, ours: JsonObject): Generator<Difference> {
  const part = (status: JsonObject, name: string): Json | undefined => (isObject(status['details']) ? status['details'][name] : undefined);
  if (theirs['reason'] !== ours['reason']) yield { sort: 'reason', text: `${shown(theirs['reason'])} → ${shown(ours['reason'])}` };
  const [a, b] = [part(theirs, 'causes'), part(ours, 'causes')];
  if (!deepEqual(a, b)) yield { sort: 'causes', text: describe({ causes: a ?? null }, { causes: b ?? null }) };
  else if (theirs['message'] !== ours['message'])
    yield { sort: 'message', text: `${shown(theirs['message'])} → ${shown(ours['message'])}` };
  const rest = (status: JsonObject): JsonObject => {
    const { reason: _reason, message: _message, details, ...others } = status;
    return isObject(details) ? { ...others, details: { ...details, causes: null } } : others;
  };
  if (!deepEqual(rest(theirs), rest(ours))) yield { sort: 'object', text: describe(rest(theirs), rest(ours)) };
}

export function* differencesOf(theirs: ComparableAnswer, ours: ComparableAnswer): Generator<Difference> {
  if (theirs.status !== ours.status) {
    const text = (answer: ComparableAnswer): string =>
      `${answer.status}${isStatus(answer.body) ? ` ${shown(answer.body['message'])}` : ''}`;
    yield { sort: 'status', text: `${text(theirs)} → ${text(ours)}` };
  } else if (isStatus(theirs.body) && isStatus(ours.body)) yield* failureDifferences(theirs.body, ours.body);
  else if (!deepEqual(theirs.body, ours.body)) yield { sort: 'object', text: describe(theirs.body, ours.body) };
  if (!deepEqual(theirs.events, ours.events)) {
    yield { sort: 'events', text: describe([...(theirs.events ?? [])], [...(ours.events ?? [])]) };
  }
  if (!deepEqual(theirs.warnings, ours.warnings)) yield { sort: 'warnings', text: describe([...theirs.warnings], [...ours.warnings]) };
  if (!deepEqual(theirs.headers, ours.headers)) yield { sort: 'headers', text: describe(theirs.headers, ours.headers) };
}
