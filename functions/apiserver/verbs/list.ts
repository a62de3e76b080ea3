/**
 * LIST: which state, which objects of it, and how many at once.
 * Source: apiserver, pkg/storage/cacher/delegator/interface.go (which state), pkg/storage/etcd3/store.go (pages).
 */
import { eachConverted } from '../../kube/conversion-needed.ts';
import type { ObjectName } from '../../kube/object.ts';
import type { Stored, View } from '../../kube/view.ts';
import type { Store } from '../../store/store.ts';
import { StoreError } from '../../store/store.ts';
import { jsonLength } from '../../store/json-text.ts';
import type { Answer, ListMetadata } from '../http/respond.ts';
import { type ListOptions, listOptionsOf, revisionOf } from '../http/request-options.ts';
import { decodeToken, encodeToken, ExpiredToken } from '../registry/continue-token.ts';
import { storeResource } from '../registry/resource-index.ts';
import { statusErrorOf, tooLargeRevision } from '../registry/store-errors.ts';
import { type Selection, selectionOf } from '../registry/selection.ts';
import type { ResourceRequest, Server } from '../server.ts';

export async function list(server: Server, request: ResourceRequest): Promise<Answer> {
  const { definition, info } = request;
  const options = listOptionsOf(request.url.searchParams, false);
  const selection = selectionOf(definition, options, request.served);
  const { view, after } = await readSnapshot(server, request, options);
  // The view is live: everything is taken from it before anything else is waited for.
  const inPlace = view.list(storeResource(definition), namespaceOfList(request, info.namespace));
  // A selector of one name reads that object.
  const all = info.name === '' ? inPlace : inPlace.filter(({ key }) => key.name === info.name);
  // What must be converted to be selected is converted together.
  if (selection.looksBack) eachConverted(all, (stored) => selection.selects(stored));
  const bytesMax = (request.connection.answerBytesMax ?? Infinity) / formsOfPage;
  const { list: page, metadata } = pageOf(all, { selection, after, limit: options.limit, bytesMax, revision: view.revision });
  return { kind: 'list', list: page, metadata };
}

async function readSnapshot({ store }: Server, { definition, connection }: ResourceRequest, options: ListOptions): Promise<Snapshot> {
  try {
    return await snapshotFor(store, options, connection.arrivedMs);
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    throw error.code === 'too-large-revision' && definition.hasWatchCache === false ? tooLargeRevision(error) : statusErrorOf(error);
  }
}

/** A page as YAML or as a Table is longer than its objects are, but not by so many times. */
const formsOfPage = 2;

/** Undefined for cluster-scoped resources and for lists over all namespaces. */
export const namespaceOfList = ({ definition }: ResourceRequest, namespace: string): string | undefined =>
  definition.type.namespaced && namespace !== '' ? namespace : undefined;

interface Snapshot {
  readonly view: View;
  /** The last object of the page before. */
  readonly after?: ObjectName;
}

async function snapshotFor(store: Store, options: ListOptions, arrivedMs: number | undefined): Promise<Snapshot> {
  if (options.continue !== '') return continued(store, options.continue);
  const revision = revisionOf(options.resourceVersion, true);
  if (revision === undefined) return { view: options.resourceVersion === '0' ? store.view() : await store.fresh(arrivedMs) };
  // Without a match, a limit has always meant exactly this revision.
  const isExact = options.resourceVersionMatch === 'Exact' || (options.resourceVersionMatch === '' && options.limit > 0);
  return { view: await (isExact ? store.at(revision) : store.notOlderThan(revision)) };
}

async function continued(store: Store, text: string): Promise<Snapshot> {
  const token = decodeToken(text);
  if (token.revision === -1) return { view: await store.fresh(), after: token.after };
  try {
    return { view: await store.at(token.revision), after: token.after };
  } catch (error) {
    if (error instanceof StoreError && error.code === 'compacted') throw new ExpiredToken(token, error);
    throw error;
  }
}

interface PageRequest {
  readonly selection: Selection;
  readonly after: ObjectName | undefined;
  /** The most objects in one page; 0: no limit. */
  readonly limit: number;
  /** The limit of a page's objects together; a client that asks for pages takes shorter ones. */
  readonly bytesMax: number;
  readonly revision: number;
}

interface Page {
  readonly list: readonly Stored[];
  readonly metadata: ListMetadata;
}

function pageOf(all: readonly Stored[], { selection, after, limit, bytesMax, revision }: PageRequest): Page {
  const found: Stored[] = [];
  let bytes = 0;
  let index = after === undefined ? 0 : firstAfter(all, after);
  for (; index < all.length; index += 1) {
    const stored = all[index];
    // Whether what remains is selected is not known: the next page shows it.
    if (limit > 0 && found.length === limit) break;
    if (stored === undefined || !selection.selects(stored)) continue;
    if (limit > 0 && bytesMax < Infinity) bytes += jsonLength(stored);
    if (bytes > bytesMax && found.length > 0) break;
    found.push(stored);
  }
  const resourceVersion = String(revision);
  const last = found.at(-1)?.key;
  if (index === all.length || last === undefined) return { list: found, metadata: { resourceVersion } };
  const remaining = selection.isEverything ? { remainingItemCount: all.length - index } : {};
  return { list: found, metadata: { resourceVersion, continue: encodeToken({ revision, after: last }), ...remaining } };
}

/** Where the list goes on: by binary search, since it is in key order. */
function firstAfter(all: readonly Stored[], after: ObjectName): number {
  let low = 0;
  let high = all.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const key = all[middle]?.key;
    if (key !== undefined && !isAfter(key, after)) low = middle + 1;
    else high = middle;
  }
  return low;
}

const isAfter = (a: ObjectName, b: ObjectName): boolean => (a.namespace === b.namespace ? a.name > b.name : a.namespace > b.namespace);
