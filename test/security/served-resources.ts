/** Every resource that a cluster serves, from its own discovery. */
import { administrator, type RbacCluster } from '../support/rbac-cluster.ts';

interface Discovered {
  readonly name: string;
  readonly namespaced: boolean;
  readonly kind: string;
  readonly verbs: readonly string[];
}

export interface Served extends Discovered {
  readonly root: string;
}

export async function servedResources(cluster: RbacCluster): Promise<readonly Served[]> {
  const read = async <T>(path: string): Promise<T> => JSON.parse((await cluster.as(administrator).send('GET', path)).text) as T;
  const { groups } = await read<{ groups: { versions: { groupVersion: string }[] }[] }>('/apis');
  const roots = ['/api/v1', ...groups.flatMap(({ versions }) => versions.map(({ groupVersion }) => `/apis/${groupVersion}`))];
  const lists = await Promise.all(roots.map(async (root) => ({ root, ...(await read<{ resources: Discovered[] }>(root)) })));
  return lists.flatMap(({ root, resources }) => resources.map((resource) => ({ root, ...resource })));
}
