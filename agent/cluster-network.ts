/** Routes, services and names of a real node, each brought up to date one change after the other, and again after a failure. */
import type { Node } from '../functions/kube/generated/types.ts';
import { nameOf } from '../functions/kube/object.ts';
import type { World } from '../functions/world.ts';
import type { ClusterNetwork } from './agent.ts';
import type { AgentConfig } from './config.ts';
import type { ApiService } from './api-service/api-service.ts';
import type { DesiredState } from './desired-state.ts';
import { createDns, type Dns } from './dns/dns-server.ts';
import { machineServers } from './dns/upstream.ts';
import { createNodeNetwork } from './network/node-network.ts';
import { runCommand } from './network/run.ts';
import { withoutSpecialAddresses } from './proxy/endpoints.ts';
import { createServiceProxy } from './proxy/service-proxy.ts';
import { join } from 'node:path';
import { createRunner } from './runner.ts';

export interface ClusterNetworkOptions {
  readonly config: AgentConfig;
  readonly world: World;
  readonly apiService: ApiService;
}

const selfOf = (desired: DesiredState, nodeName: string): Node | undefined => desired.nodes().find((node) => nameOf(node) === nodeName);

export function createClusterNetwork({ config, world, apiService }: ClusterNetworkOptions): ClusterNetwork {
  const { clock, log } = world;
  const { clusterCidr } = config;
  const network = createNodeNetwork({
    run: runCommand,
    directory: join(config.rootDirectory, 'network'),
    cniConfDir: config.cniDirectory ?? '/etc/cni/net.d',
    clusterCidr,
    dnsAddress: config.clusterDns,
    log,
  });
  const proxy = createServiceProxy({ run: runCommand, clock, log, nodeName: config.nodeName, clusterCidr });
  let dns: Dns | undefined;
  let state: DesiredState | undefined;

  const configure = async (): Promise<void> => {
    const self = state === undefined ? undefined : selfOf(state, config.nodeName);
    if (state !== undefined && self !== undefined) await network.configure(self, state.nodes());
  };
  const syncProxy = async (): Promise<void> => {
    if (state !== undefined)
      await proxy.sync(state.services(), apiService.endpointSlices(state.endpointSlices().map(withoutSpecialAddresses)), [config.nodeIp]);
  };
  const syncDns = async (): Promise<void> => {
    // Its address exists once the network is configured.
    if (state === undefined || !network.ready()) throw new Error('the network is not there yet');
    dns ??= await createDns({ address: config.clusterDns, clusterDomain: config.clusterDomain, upstreams: machineServers(), clock, log });
    dns.update(state.services(), state.endpointSlices());
  };
  const serveApi = async (): Promise<void> => {
    if (state === undefined || !network.ready()) throw new Error('the network is not there yet');
    await apiService.listen(state.services(), state.endpointSlices());
  };
  const runners = {
    network: createRunner(world, 'the network of pods', configure),
    proxy: createRunner(world, 'the services', syncProxy),
    dns: createRunner(world, 'the name server', syncDns),
    api: createRunner(world, 'the API for pods', serveApi),
  };

  return {
    sync(desired, changed) {
      state = desired;
      if (changed.has('Node')) runners.network.request();
      if (changed.has('Service') || changed.has('EndpointSlice')) {
        runners.proxy.request();
        runners.dns.request();
        runners.api.request();
      }
    },
    ready: () => network.ready(),
    async close() {
      for (const runner of Object.values(runners)) await runner.stop();
      await proxy.close();
      await dns?.close();
      await apiService.close();
    },
  };
}

/** A node that pretends needs an address range for its pods, nothing else. */
export function createSimulatedNetwork(nodeName: string): ClusterNetwork & { readonly podCidr: () => string | undefined } {
  let cidr: string | undefined;
  return {
    sync(desired) {
      cidr = selfOf(desired, nodeName)?.spec?.podCIDR ?? cidr;
    },
    ready: () => cidr !== undefined,
    close: async () => {},
    podCidr: () => cidr,
  };
}
