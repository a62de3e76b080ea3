/** The cluster's health as its API reports it, in lines for `hibernetes status`. */
import type { Client } from '../../functions/client/client.ts';
import { conditionOf } from '../../functions/kube/conditions.ts';
import type { Node, Pod } from '../../functions/kube/generated/types.ts';
import { nameOf } from '../../functions/kube/object.ts';
import { nodes, pods } from '../../functions/kube/resource-type.ts';

export interface ClusterHealth {
  readonly api: string;
  readonly nodes: readonly { readonly name: string; readonly isReady: boolean; readonly state: string }[];
  readonly pods: readonly { readonly phase: string; readonly count: number }[];
}

/** How many objects one answer brings: a big cluster is asked in pages. */
const pageSize = 500;
const pagesMax = 1000;

async function phases(client: Client): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>();
  let token: string | undefined;
  for (let page = 0; page < pagesMax; page += 1) {
    const { items, metadata } = await client.list<Pod>(pods, { limit: pageSize, ...(token === undefined ? {} : { continue: token }) });
    for (const { status } of items) {
      const phase = status?.phase ?? 'Unknown';
      counts.set(phase, (counts.get(phase) ?? 0) + 1);
    }
    token = metadata.continue === '' ? undefined : metadata.continue;
    if (token === undefined) break;
  }
  return counts;
}

export async function clusterHealth(client: Client, readyz: () => Promise<string>): Promise<ClusterHealth> {
  const [api, list, counts] = await Promise.all([readyz(), client.list<Node>(nodes), phases(client)]);
  return {
    api,
    nodes: list.items.map((node) => {
      const ready = conditionOf(node.status?.conditions, 'Ready');
      const isReady = ready?.status === 'True';
      return {
        name: nameOf(node),
        isReady,
        state: isReady ? 'Ready' : `NotReady${ready?.message === undefined ? '' : `: ${ready.message}`}`,
      };
    }),
    pods: [...counts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([phase, count]) => ({ phase, count })),
  };
}

/** Nodes that are not Ready by name; of many that are, how many. */
const namesMax = 20;

export function healthLines({ api, nodes: all, pods: phasesOfPods }: ClusterHealth): string[] {
  const ready = all.filter(({ isReady }) => isReady).length;
  const named = all.length <= namesMax ? all : all.filter(({ isReady }) => !isReady).slice(0, namesMax);
  const podText = phasesOfPods.map(({ phase, count }) => `${count} ${phase}`).join(', ');
  return [
    `API             ${api}`,
    `nodes           ${ready} of ${all.length} Ready`,
    ...named.map(({ name, state }) => `                ${name}: ${state}`),
    `pods            ${podText === '' ? 'none' : podText}`,
  ];
}
