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
import { policyPeerKind } from '../functions/kube/policy-peers.ts';
import { createPolicyEnforcer, type WantedPolicies } from './policies/policy-enforcer.ts';
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

/** A change of any of these may change what is let through. */
const policyKinds = ['Pod', 'NetworkPolicy', policyPeerKind] as const;

const wantedPolicies = (desired: DesiredState): WantedPolicies => ({
  pods: desired.pods(),
  policies: desired.networkPolicies(),
  peers: desired.policyPeers(),
  selection: desired.selection,
});

export function createClusterNetwork({ config, world, apiService }: ClusterNetworkOptions): ClusterNetwork {
  const { clock, log } = world;
  const { clusterCidr } = config;
  const network = createNodeNetwork({
    run: runCommand,
    directory: join(config.rootDirectory, 'network'),
    cniConfDir: config.cniDirectory ?? '/etc/cni/net.d',
    clusterCidr,
    podNetwork: config.podNetwork,
    dnsAddress: config.clusterDns,
    log,
  });
  const proxy = createServiceProxy({ run: runCommand, clock, log, nodeName: config.nodeName, clusterCidr });
  const policies = createPolicyEnforcer({ run: runCommand, clock, log, nameServer: config.clusterDns });
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
  const syncPolicies = async (): Promise<void> => {
    if (state !== undefined) await policies.sync(wantedPolicies(state));
  };
  const runners = {
    network: createRunner(world, 'the network of pods', configure),
    proxy: createRunner(world, 'the services', syncProxy),
    policies: createRunner(world, 'the policies of the network', syncPolicies),
    dns: createRunner(world, 'the name server', syncDns),
    api: createRunner(world, 'the API for pods', serveApi),
  };

  return {
    sync(desired, changed) {
      state = desired;
      if (changed.has('Node')) runners.network.request();
      if (policyKinds.some((kind) => changed.has(kind))) runners.policies.request();
      if (changed.has('Service') || changed.has('EndpointSlice')) {
        runners.proxy.request();
        runners.dns.request();
        runners.api.request();
      }
    },
    ready: () => network.ready(),
    async attach(pod, addresses) {
      if (state !== undefined) await policies.attach(pod, addresses, wantedPolicies(state));
    },
    async close() {
      for (const runner of Object.values(runners)) await runner.stop();
      await proxy.close();
      await policies.close();
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
    attach: async () => {},
    close: async () => {},
    podCidr: () => cidr,
  };
}
