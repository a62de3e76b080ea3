/** WATCH: where it starts and in which form it is sent. Source: apiserver, pkg/endpoints/handlers/{get,watch}.go. */
import { eachConverted } from '../../kube/conversion-needed.ts';
import type { View } from '../../kube/view.ts';
import { negotiate } from '../http/content-negotiation.ts';
import { tooLargeAnswer } from '../http/list-body.ts';
import { type ListOptions, listOptionsOf, revisionOf } from '../http/request-options.ts';
import { fromStore } from '../registry/commit.ts';
import { isCustom } from '../registry/object-metadata.ts';
import { storeResource } from '../registry/resource-index.ts';
import { selectionOf } from '../registry/selection.ts';
import { jsonLength, type Shown } from '../../store/json-text.ts';
import type { ResourceRequest, Server } from '../server.ts';
import { includeObjectOf } from '../table.ts';
import { createEventEncoder, eventFramingOf } from '../watch/event-encoder.ts';
import { eventStream } from '../watch/event-stream.ts';
import { namespaceOfList } from './list.ts';

/** Without a timeoutSeconds: between this and twice this. Source: pkg/server/config.go, MinRequestTimeout. */
const timeoutSecondsDefault = 1800;
/** The most bytes around an object in an event. */
const eventBytes = 64;

export async function watch(server: Server, request: ResourceRequest): Promise<Response> {
  const { definition, info, url } = request;
  const { store, world, converter } = server;
  const options = listOptionsOf(url.searchParams, true);
  const offered = { forms: true, isWatch: true, isCustom: isCustom(definition) };
  const { encoding, form, metaVersion } = negotiate(request.request.headers.get('accept'), offered);
  const selection = selectionOf(definition, options, request.served);
  const resource = storeResource(definition);
  const namespace = namespaceOfList(request, info.namespace);
  const start = await fromStore(() => startOf(server, options));
  // A live view: its revision and its objects are read without waiting in between.
  const known = 'view' in start ? start.view.list(resource, namespace) : [];
  // What must be converted to be selected is converted together.
  const selected = eachConverted(known, (stored) => selection.selects(stored));
  const initial = known.filter((_, index) => selected[index]);
  const bytesMax = request.connection.answerBytesMax ?? Infinity;
  // Clients then list it in pages instead. Source: client-go, tools/cache/reflector.go, ListAndWatch.
  if (form === 'object' && isLongerThanAnswer(initial, bytesMax)) throw tooLargeAnswer(bytesMax);
  const plan = {
    resource,
    namespace,
    selection,
    after: 'view' in start ? start.view.revision : start.after,
    initial: initial.values(),
    hasBookmarks: options.allowWatchBookmarks,
    marksInitialEnd: 'view' in start,
    bytesMax,
    ...(request.ended === undefined ? {} : { ended: request.ended }),
    timeoutMs: 1000 * (options.timeoutSeconds ?? timeoutSecondsDefault * (1 + world.random.next())),
  };
  const includeObject = includeObjectOf(url.searchParams);
  const framing = await eventFramingOf(encoding);
  const encoder = createEventEncoder(request, { form, metaVersion, includeObject, nowMs: () => world.clock.now(), framing });
  const headers = { 'content-type': framing.contentType, 'cache-control': 'no-cache, private' };
  return new Response(eventStream(plan, encoder, { store, world, converter }), { headers });
}

/** As events: what surrounds an object is counted, too. */
function isLongerThanAnswer(list: readonly Shown[], bytesMax: number): boolean {
  if (bytesMax === Infinity) return false;
  let bytes = 0;
  return list.some((shown) => (bytes += jsonLength(shown) + eventBytes) > bytesMax);
}

/** After a revision, or with everything that is in a view, which is live. */
type Start = { readonly after: number } | { readonly view: View };

async function startOf({ store }: Server, options: ListOptions): Promise<Start> {
  const revision = revisionOf(options.resourceVersion, false);
  // Without a resourceVersion, initial events are the default.
  const sendsInitial = options.sendInitialEvents ?? revision === undefined;
  if (!sendsInitial) return { after: revision ?? (await store.fresh()).revision };
  if (revision !== undefined) return { view: await store.notOlderThan(revision) };
  const mayBeStale = options.resourceVersion === '0' && options.sendInitialEvents !== true;
  return { view: mayBeStale ? store.view() : await store.fresh() };
}
