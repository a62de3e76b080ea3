/** DELETE of one object, and of all that a list selects. Source: apiserver, pkg/endpoints/handlers/delete.go. */
import { isNotFound } from '../../kube/status-error.ts';
import { damageOf, readable } from '../../kube/unreadable-object.ts';
import { type DeleteOptions, deleteOptionsOf, requireReadable } from '../http/delete-options.ts';
import { readBody } from '../http/request-body.ts';
import { listOptionsOf } from '../http/request-options.ts';
import type { Answer } from '../http/respond.ts';
import { fromStore } from '../registry/commit.ts';
import { deletedStatus, deleteObject } from '../registry/delete-object.ts';
import { storeResource } from '../registry/resource-index.ts';
import { selectionOf } from '../registry/selection.ts';
import type { ResourceRequest, Server } from '../server.ts';
import { namespaceOfList } from './list.ts';

export async function deleteOne(server: Server, request: ResourceRequest): Promise<Answer> {
  const { definition, info, url } = request;
  const options = deleteOptionsOf(await readBody(request.request), url.searchParams);
  if (options.ignoresReadError && info.subresource === '') {
    const { deleteUnreadable } = await import('../registry/corrupt-object.ts');
    return { kind: 'other', code: 200, object: await deleteUnreadable(server, request, options.dryRun) };
  }
  warnOfOrphans(request, options);
  const { gone, object } = await deleteObject(server, request, info.name, options);
  const code = !gone && options.isLegacyForeground ? 202 : 200;
  if (gone && definition.returnsDeletedObject !== true) return { kind: 'other', code, object: deletedStatus(request.served, object) };
  return { kind: 'object', code, shown: { object } };
}

/** How many deletions are under way at once. Source: store.go, deleteCollectionWorkers. */
const workers = 16;

/**
 * Each deletion is on its own: what was deleted stays so, whatever happens later. The first goes alone, since what refuses
 * one often refuses all.
 */
export async function deleteCollection(server: Server, request: ResourceRequest): Promise<Answer> {
  const { definition, info, url } = request;
  const deleteOptions = deleteOptionsOf(await readBody(request.request), url.searchParams);
  requireReadable(deleteOptions);
  warnOfOrphans(request, deleteOptions);
  const selection = selectionOf(definition, listOptionsOf(url.searchParams, false), request.served);
  const view = await fromStore(() => server.store.fresh());
  const all = view.list(storeResource(definition), namespaceOfList(request, info.namespace));
  // What cannot be read is refused last, and keeps no other object.
  const list = readable(all).filter((stored) => selection.selects(stored));
  const metadata = { resourceVersion: String(view.revision) };
  for (let start = 0, end = 1; start < list.length; [start, end] = [end, end + workers]) {
    const names = list.slice(start, end);
    await Promise.all(
      names.map(async ({ key: { name, namespace } }) => {
        const one = { ...request, info: { ...info, name, namespace } };
        await deleteObject(server, one, name, deleteOptions).catch(ignoreNotFound);
      }),
    );
  }
  const [damage] = all.flatMap((stored) => (selection.concerns(stored.key) ? (damageOf(stored) ?? []) : []));
  if (damage !== undefined) throw damage;
  return { kind: 'list', list, metadata };
}

function warnOfOrphans({ definition, warnings }: ResourceRequest, { propagationPolicy }: DeleteOptions): void {
  if (propagationPolicy === undefined && definition.orphaningWarning !== undefined) warnings.add(definition.orphaningWarning);
}

function ignoreNotFound(error: unknown): void {
  if (!isNotFound(error)) throw error;
}
