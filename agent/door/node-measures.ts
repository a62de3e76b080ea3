/** What the node's pages show of what it has measured. */
import type { AgentConfig } from '../config.ts';
import type { Machine } from '../node/machine.ts';
import type { ProbeCounts } from '../probes/probe-counts.ts';
import type { NodeMeasures } from '../relay/node-server.ts';
import { containerMetrics } from '../usage/container-metrics.ts';
import { resourceMetrics } from '../usage/resource-metrics.ts';
import { coreRates, summary } from '../usage/summary.ts';
import type { UsageMeter } from '../usage/usage-meter.ts';
import type { PodLookup } from '../agent.ts';

export interface NodeMeasuresOptions {
  readonly config: AgentConfig;
  readonly machine: Machine;
  readonly meter: UsageMeter;
  readonly probeCounts: ProbeCounts;
  readonly pods: Pick<PodLookup, 'all'>;
}

const nothingStored = new Map<string, never>();

export function createNodeMeasures({ config, machine, meter, probeCounts, pods }: NodeMeasuresOptions): NodeMeasures {
  const nanoCores = coreRates();
  return {
    async summary(onlyCpuAndMemory) {
      const [node, used, disks, storage] = await Promise.all([
        meter.node(),
        meter.pods(),
        meter.disks(),
        onlyCpuAndMemory ? nothingStored : meter.storage(),
      ]);
      return summary({ nodeName: config.nodeName, node, pods: used, disks, storage, nanoCores });
    },
    resource: async () => resourceMetrics(await meter.node(), await meter.pods()),
    async containers() {
      const [node, used, storage] = await Promise.all([meter.node(), meter.pods(), meter.storage()]);
      return containerMetrics({ node, pods: used, storage, machine });
    },
    probes: () => probeCounts.families(pods.all()),
  };
}
