/** GET of one object. Without a resourceVersion it is the newest state; with one, anything not older. */
import { notFound } from '../../kube/status-error.ts';
import type { Stored } from '../../kube/view.ts';
import type { Answer } from '../http/respond.ts';
import { revisionOf } from '../http/request-options.ts';
import { fromStore } from '../registry/commit.ts';
import { keyOf } from '../registry/resource-index.ts';
import type { ResourceRequest, Server } from '../server.ts';

export async function get(server: Server, request: ResourceRequest): Promise<Answer> {
  return { kind: 'object', code: 200, shown: await getStored(server, request) };
}

/** The object that the path names, at the resourceVersion that the query asks for. */
export async function getStored(server: Server, { definition, served, info, url, connection }: ResourceRequest): Promise<Stored> {
  const { store } = server;
  const version = url.searchParams.get('resourceVersion') ?? '';
  const revision = revisionOf(version, false);
  const view = await fromStore(async () => {
    if (revision !== undefined) return store.notOlderThan(revision);
    return version === '0' ? store.view() : store.fresh(connection.arrivedMs);
  });
  const stored = view.get(keyOf(definition, info.namespace, info.name));
  if (stored === undefined) throw notFound(served.type, info.name);
  return stored;
}
