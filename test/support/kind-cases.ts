/**
 * A table of a kind, `functions/resources/<group>/<kind>/*cases.yaml`: writes of one object, and what kube-apiserver answers
 * to each. Our server must answer the same; `npm run compare -- cases` asks kube-apiserver again and writes its answers down.
 */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { parse } from 'yaml';
import type { Status } from '../../functions/kube/generated/types.ts';
import type { Json, JsonObject } from '../../functions/kube/object.ts';
import { apiVersionOf } from '../../functions/kube/resource-type.ts';
import { createDefinitions } from '../../functions/resources/all.ts';

/** Values by their place: `spec.ports[0].port`, `metadata.labels[a.b/c]`. Null removes a field, or shows that it is absent. */
export type Values = Readonly<Record<string, Json>>;

export interface KindCase {
  /** What a client changes of the object before it creates it, */
  readonly create?: Values;
  /** puts it, */
  readonly update?: Values;
  /** or puts its status. */
  readonly status?: Values;
  /** `field: message` of each cause, or the code and the message of a refusal without causes. */
  readonly refused?: readonly string[];
  /** What the server stores otherwise than it was sent. */
  readonly stored?: Values;
  readonly warnings?: readonly string[];
  /** The row of `kubectl get -o wide`, by its columns. */
  readonly row?: Values;
  /** The answers of our server, where they differ. */
  readonly ours?: Omit<KindCase, 'create' | 'update' | 'status' | 'ours'>;
}

export interface KindTable {
  /** Values that are drawn, or of the moment: they are not compared. */
  readonly drawn?: readonly string[];
  readonly object: JsonObject;
  readonly cases: readonly KindCase[];
}

export interface CaseAnswer {
  readonly status: number;
  /** The `Warning` headers. */
  readonly warning: string;
  readonly body: JsonObject;
}

/** Sends as the administrator of a cluster that has the namespace `default`. */
export type SendCase = (method: string, path: string, body: JsonObject | undefined, accept: string) => Promise<CaseAnswer>;

const root = join(import.meta.dirname, '..', '..');

export const kindTableFiles = (): readonly string[] => globSync('functions/resources/*/*/*cases.yaml', { cwd: root }).toSorted();

export const kindTableText = (file: string): string => readFileSync(join(root, file), 'utf8');

export const kindTable = (file: string): KindTable => parse(kindTableText(file)) as KindTable;

type Write = 'create' | 'update' | 'status';

export const writeOf = (one: KindCase): Write => ('create' in one ? 'create' : 'update' in one ? 'update' : 'status');

export function titleOf(one: KindCase): string {
  const write = writeOf(one);
  const values = one[write] ?? {};
  return Object.keys(values).length === 0 ? `${write} of the object as it is` : `${write} with ${JSON.stringify(values)}`;
}

const partsOf = (place: string): readonly string[] =>
  [...place.matchAll(/\[([^\]]*)\]|([^.[\]]+)/g)].map((match) => match[1] ?? match[2] ?? '');

export function withValues(object: JsonObject, values: Values): JsonObject {
  const copy = structuredClone(object);
  for (const [place, value] of Object.entries(values)) {
    const parts = [...partsOf(place)];
    const last = parts.pop() ?? '';
    let holder = copy as Record<string, Json>;
    for (const part of parts) holder = (holder[part] ??= {}) as Record<string, Json>;
    if (value === null) delete holder[last];
    else holder[last] = structuredClone(value);
  }
  return copy;
}

const isContainer = (value: Json | undefined): value is JsonObject | Json[] => typeof value === 'object' && value !== null;

/** Where an object differs from another one: the values of the latter. */
export function differencesOf(from: Json | undefined, to: Json | undefined, place = ''): Values {
  if (isDeepStrictEqual(from, to)) return {};
  if (!isContainer(from) || !isContainer(to) || Array.isArray(from) !== Array.isArray(to)) return { [place]: to ?? null };
  if (Array.isArray(from) && Array.isArray(to) && from.length !== to.length) return { [place]: to };
  const [before, now] = [from as JsonObject, to as JsonObject];
  const keys = [...new Set([...Object.keys(before), ...Object.keys(now)])].toSorted();
  return Object.assign({}, ...keys.map((key) => differencesOf(before[key], now[key], placeIn(place, key, Array.isArray(from))))) as Values;
}

const placeIn = (place: string, key: string, isIndex: boolean): string =>
  isIndex || !/^[\w-]+$/.test(key) ? `${place}[${key}]` : `${place}${place === '' ? '' : '.'}${key}`;

/** Metadata that every object gets. */
const ofMetadata = ['uid', 'creationTimestamp', 'resourceVersion', 'managedFields', 'selfLink'].map((name) => `metadata.${name}`);

const comparable = (object: JsonObject, drawn: readonly string[]): JsonObject =>
  withValues(
    object,
    Object.fromEntries([...ofMetadata, ...drawn].filter((place) => valueAt(object, place) !== undefined).map((place) => [place, null])),
  );

const valueAt = (object: JsonObject, place: string): Json | undefined =>
  partsOf(place).reduce<Json | undefined>((value, part) => (isContainer(value) ? (value as JsonObject)[part] : undefined), object);

const asObject = 'application/json';
const asTable = 'application/json;as=Table;v=v1;g=meta.k8s.io';

const definitions = createDefinitions();

/** `/apis/apps/v1/namespaces/default/deployments` */
function pathOf({ apiVersion, kind }: JsonObject): string {
  const type = definitions.map((definition) => definition.type).find((one) => one.kind === kind && apiVersionOf(one) === apiVersion);
  assert.ok(type !== undefined, `${JSON.stringify([apiVersion, kind])} is not served`);
  return `/api${type.group === '' ? '' : 's'}/${apiVersionOf(type)}/${type.namespaced ? 'namespaces/default/' : ''}${type.resource}`;
}

/** The answers to all cases of a table, in their order: creations first, then the object is stored and written over. */
export async function answersOf({ object, cases, drawn = [] }: KindTable, send: SendCase): Promise<readonly KindCase[]> {
  const path = pathOf(object);
  const answers = new Map<KindCase, KindCase>();
  const created = await send('POST', `${path}?dryRun=All`, object, asObject);
  for (const one of cases.filter(({ create }) => create !== undefined)) {
    const sent = withValues(object, one.create ?? {});
    // The defaults of the object itself are shown once, by the case that changes nothing.
    const base = Object.keys(one.create ?? {}).length === 0 ? sent : withValues(created.body, one.create ?? {});
    answers.set(one, await answerTo({ one, base, sent, drawn, url: path, method: 'POST', send }));
  }
  const { body: stored, status } = await send('POST', path, object, asObject);
  assert.equal(status, 201, `the object of the table is not created: ${JSON.stringify(stored)}`);
  const own = `${path}/${(stored['metadata'] as JsonObject)['name'] as string}`;
  for (const one of cases.filter(({ create }) => create === undefined)) {
    for (let attempt = 1; attempt <= attemptsMax; attempt += 1) {
      const { body: current } = await send('GET', own, undefined, asObject);
      const sent = withValues(current, one.update ?? one.status ?? {});
      const url = one.status === undefined ? own : `${own}/status`;
      const answer = await answerTo({ one, base: sent, sent, drawn, url, method: 'PUT', send });
      answers.set(one, answer);
      if (answer.refused?.some((text) => text.includes('the object has been modified')) !== true) break;
    }
  }
  await send('DELETE', own, undefined, asObject);
  const inputs = JSON.stringify({ object, cases: cases.map(bare) });
  return cases.map((one) => withoutDrawn(answers.get(one) ?? bare(one), inputs));
}

const uid = /\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g;
const moment = /\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g;

/** What the server drew, or read from its clock: all that a table's own values do not hold. */
function withoutDrawn(answer: KindCase, inputs: string): KindCase {
  const replaced = (text: string, found: RegExp, name: string): string =>
    text.replace(found, (value) => (inputs.includes(value) ? value : name));
  return JSON.parse(replaced(replaced(JSON.stringify(answer), uid, '<uid>'), moment, '<now>')) as KindCase;
}

/** A controller of the server may write between the read and the write of a case. */
const attemptsMax = 20;

interface CaseRequest {
  readonly one: KindCase;
  /** The object that the answer is compared with. */
  readonly base: JsonObject;
  readonly sent: JsonObject;
  readonly drawn: readonly string[];
  readonly url: string;
  readonly method: string;
  readonly send: SendCase;
}

/** The case without its answer. */
export function bare(one: KindCase): KindCase {
  const write = writeOf(one);
  return { [write]: one[write] ?? {} };
}

async function answerTo({ one, base, sent, drawn, url, method, send }: CaseRequest): Promise<KindCase> {
  const { status, warning, body } = await send(method, `${url}?dryRun=All`, sent, asObject);
  const warnings = [...warning.matchAll(/299 \S+ "((?:[^"\\]|\\.)*)"/g)].map(([, text = '']) => text.replaceAll(/\\(.)/g, '$1'));
  const shown = warnings.length === 0 ? {} : { warnings };
  if (status >= 300) return { ...bare(one), refused: causesOf(status, body), ...shown };
  const stored = differencesOf(comparable(base, drawn), comparable(body, drawn));
  const row = one.row === undefined ? {} : { row: await rowOf(await send(method, `${url}?dryRun=All`, sent, asTable)) };
  return { ...bare(one), ...(Object.keys(stored).length === 0 ? {} : { stored }), ...shown, ...row };
}

function causesOf(status: number, body: JsonObject): readonly string[] {
  const { message, details } = body as Partial<Status>;
  const causes = details?.causes ?? [];
  if (causes.length === 0) return [`${status}: ${message}`];
  return causes.map(({ field = '', message: text }) => `${field}: ${text}`);
}

/** How long the other cases took is no matter. */
const isSeconds = (column: string, cell: Json | undefined): boolean => column === 'Age' && typeof cell === 'string' && /^\ds$/.test(cell);

interface Rows {
  readonly columnDefinitions?: readonly { readonly name: string }[];
  readonly rows?: readonly { readonly cells: readonly Json[] }[];
}

async function rowOf({ body }: CaseAnswer): Promise<Values> {
  const { columnDefinitions = [], rows = [] } = body as Rows;
  const cells = rows[0]?.cells ?? [];
  return Object.fromEntries(
    columnDefinitions.map(({ name }, index) => [name, isSeconds(name, cells[index]) ? '0s' : (cells[index] ?? null)]),
  );
}
