/** Networks of pods that others make: by a CNI configuration that the cluster's maker gave, or by a program in the cluster. */
import type { Node } from '../../functions/kube/generated/types.ts';
import { conflistFor } from '../../functions/kube/pod-network.ts';
import type { Log } from '../../functions/world.ts';
import { hasOtherConfiguration, removeConflist, writeConflist } from './cni-directory.ts';
import type { PodNetwork } from './pod-network.ts';
import { podCIDR } from './routes.ts';

interface GivenNetworkOptions {
  readonly cniConfDir: string;
  readonly log: Log;
}

/** Writes the configuration, with the node's range in it. Its plug-ins do all else: ways to other nodes, addresses outside. */
export function createGivenNetwork({ cniConfDir, template, log }: GivenNetworkOptions & { readonly template: string }): PodNetwork {
  let isReady = false;
  return {
    async configure(self: Node) {
      const range = podCIDR(self);
      const text = conflistFor(template, range);
      if (text === undefined) return;
      if (writeConflist(cniConfDir, text)) log.info('Pods are connected by the given CNI configuration', { podCIDR: range });
      isReady = true;
    },
    ready: () => isReady,
  };
}

/** Such a program, often a DaemonSet in the network of its nodes, brings the configuration. Until then no pod is connected. */
export const createOtherNetwork = ({ cniConfDir }: GivenNetworkOptions): PodNetwork => ({
  async configure() {
    removeConflist(cniConfDir);
  },
  ready: () => hasOtherConfiguration(cniConfDir),
});
