/** Decisions alone, without an API: how many pods a second of CPU places, and how that grows with the nodes. */
import type { Pod } from '../../../functions/kube/generated/types.ts';
import { ClusterState } from '../../../functions/scheduler/cluster-state.ts';
import { defaultArguments } from '../../../functions/scheduler/configuration/configuration.ts';
import { preempt } from '../../../functions/scheduler/preemption.ts';
import { defaultSettings, profileOf } from '../../../functions/scheduler/profile.ts';
import { schedulePod } from '../../../functions/scheduler/schedule-pod.ts';
import { unschedulableMessage } from '../../../functions/scheduler/unschedulable-message.ts';
import type { Cache } from '../../../functions/workers/controller.ts';
import { cacheOf } from '../../support/cache.ts';
import { seededRandom } from '../../support/virtual-world.ts';
import { benchNodes, type Load } from './loads.ts';

const highPriority = 1000;

/** A pod as admission leaves it. */
const admitted = ({ metadata, spec }: Pod): Pod => ({
  metadata: { ...metadata, uid: metadata.name ?? '' },
  spec: { schedulerName: 'default-scheduler', ...spec, priority: spec.priorityClassName === 'high' ? highPriority : 0 },
});

/** Pods that a second of CPU places, or makes room for. */
export function decisionsPerSecond(load: Load, nodeCount: number): number {
  const cache: Cache = cacheOf();
  const cluster = new ClusterState({ nodes: benchNodes(nodeCount), pods: load.running.map(admitted) });
  const profile = profileOf(defaultSettings(), { cache, volumes: undefined });
  const random = seededRandom(1).next;
  const waiting = load.waiting.map(admitted);
  const begun = process.cpuUsage();
  for (const pod of waiting) {
    const placement = schedulePod(pod, cluster, profile, random);
    if (placement.outcome === 'fits') {
      cluster.assume(pod, placement.node);
      continue;
    }
    const { refusals, podClass } = placement;
    const found = preempt(pod, { cluster, podClass, refusals, budgets: [], args: defaultArguments.DefaultPreemption, random });
    if (found.outcome !== 'victims') throw new Error(`${load.name}: ${unschedulableMessage(refusals, found)}`);
    cluster.nominations.set(pod, found.victims.node.name);
  }
  const { user, system } = process.cpuUsage(begun);
  return (waiting.length * 1e6) / (user + system);
}
