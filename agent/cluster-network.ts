/** Routes, service rules and DNS of a real node. Each applies one change after the other, and tries again after a failure. */
import type { ConfigMap, Node } from '../functions/kube/generated/types.ts';
import { nameOf } from '../functions/kube/object.ts';
import type { World } from '../functions/world.ts';
import type { ClusterNetwork } from './agent.ts';
import type { AgentConfig } from './config.ts';
import type { ApiService } from './api-service/api-service.ts';
import type { DesiredState } from './desired-state.ts';
import { createDns, type Dns } from './dns/dns-server.ts';
import { readDnsSettings } from './dns/dns-settings.ts';
import { machineServers } from './dns/upstream.ts';
import { createNodeNetwork } from './network/node-network.ts';
import type { PodNetwork } from './network/pod-network.ts';
import { runCommand } from './network/run.ts';
import { policyPeerKind } from '../functions/kube/policy-peers.ts';
import { createPolicyEnforcer, type WantedPolicies } from './policies/policy-enforcer.ts';
import { withoutSpecialAddresses } from './proxy/endpoints.ts';
import { createHealthCheckPorts } from './proxy/health-check-ports.ts';
import { createServiceProxy } from './proxy/service-proxy.ts';
import { join } from 'node:path';
import { createRunner } from './runner.ts';

export interface ClusterNetworkOptions {
  readonly config: AgentConfig;
  readonly world: World;
  readonly apiService: ApiService;
}

const selfOf = (desired: DesiredState, nodeName: string): Node | undefined => desired.nodes().find((node) => nameOf(node) === nodeName);

const zoneOf = (node: Node | undefined): string | undefined => node?.metadata.labels?.['topology.kubernetes.io/zone'];

/** Source: pkg/proxy/healthcheck/proxy_health.go: the taint is the cluster autoscaler's. */
const isEligible = (node: Node | undefined): boolean =>
  node?.metadata.deletionTimestamp === undefined && !(node?.spec.taints ?? []).some(({ key }) => key === 'ToBeDeletedByClusterAutoscaler');

/** What services need to know of their node; heartbeats change the rest. */
const serviceTraits = (node: Node | undefined): string => JSON.stringify([zoneOf(node), isEligible(node)]);

/** A change of any of these may change what is let through. */
const policyKinds = ['Pod', 'NetworkPolicy', policyPeerKind] as const;

const serviceKinds = ['Service', 'EndpointSlice', 'ServiceCIDR'] as const;

const wantedPolicies = (desired: DesiredState): WantedPolicies => ({
  pods: desired.apiPods(),
  policies: desired.networkPolicies(),
  peers: desired.policyPeers(),
  selection: desired.selection,
});

const podNetworkOf = (config: AgentConfig, log: World['log']): PodNetwork =>
  createNodeNetwork({
    run: runCommand,
    directory: join(config.rootDirectory, 'network'),
    cniConfDir: config.cniDirectory ?? '/etc/cni/net.d',
    clusterCidr: config.clusterCidr,
    podNetwork: config.podNetwork,
    dnsAddress: config.clusterDns,
    log,
  });

/** Services in the kernel, and the ports at which balancers ask for them. */
function createServices({ config, world, apiService }: ClusterNetworkOptions): {
  sync(desired: DesiredState): Promise<void>;
  close(): Promise<void>;
} {
  const { nodeName, nodeIp, clusterCidr } = config;
  const proxy = createServiceProxy({ ...world, run: runCommand, nodeName, clusterCidr });
  let self: Node | undefined;
  const healthChecks = createHealthCheckPorts({ ...world, address: nodeIp, nodeName, isEligible: () => isEligible(self) });
  return {
    async sync(desired) {
      self = selfOf(desired, nodeName);
      const slices = apiService.endpointSlices(desired.endpointSlices().map(withoutSpecialAddresses));
      await proxy.sync(desired.services(), slices, {
        addresses: [nodeIp],
        zone: zoneOf(self),
        serviceCidrs: desired.serviceCidrs().flatMap(({ spec }) => spec?.cidrs ?? []),
      });
      await healthChecks.sync(desired.services(), slices);
    },
    async close() {
      await proxy.close();
      await healthChecks.close();
    },
  };
}

/** The name server, from its first use on. */
function createNames({ clusterDns, clusterDomain }: AgentConfig, { clock, log }: World) {
  let dns: Dns | undefined;
  let chosen: ConfigMap | undefined;
  const settingsIn = (desired: DesiredState): ConfigMap | undefined => desired.configMap('kube-system', 'kube-dns');
  return {
    isOutOfDate: (desired: DesiredState): boolean => settingsIn(desired) !== chosen,
    async sync(desired: DesiredState): Promise<void> {
      dns ??= await createDns({ address: clusterDns, clusterDomain, upstreams: machineServers(), clock, log });
      dns.update(desired.services(), desired.endpointSlices());
      if (settingsIn(desired) === chosen) return;
      chosen = settingsIn(desired);
      const { settings, problems } = readDnsSettings(chosen);
      if (problems.length > 0) log.warn('Part of the ConfigMap kube-dns is left out', { problems });
      dns.choose(settings);
    },
    close: async (): Promise<void> => dns?.close(),
  };
}

export function createClusterNetwork({ config, world, apiService }: ClusterNetworkOptions): ClusterNetwork {
  const { clock, log } = world;
  const network = podNetworkOf(config, log);
  const services = createServices({ config, world, apiService });
  const names = createNames(config, world);
  const policies = createPolicyEnforcer({ run: runCommand, clock, log, nameServer: config.clusterDns });
  let state: DesiredState | undefined;
  let traits = '';

  const configure = async (): Promise<void> => {
    const self = state === undefined ? undefined : selfOf(state, config.nodeName);
    if (state !== undefined && self !== undefined) await network.configure(self, state.nodes());
  };
  const syncServices = async (): Promise<void> => {
    if (state !== undefined) await services.sync(state);
  };
  const syncNames = async (): Promise<void> => {
    // The name server's address exists once the network is configured.
    if (state === undefined || !network.ready()) throw new Error('the network is not there yet');
    await names.sync(state);
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
    proxy: createRunner(world, 'the services', syncServices),
    policies: createRunner(world, 'the policies of the network', syncPolicies),
    dns: createRunner(world, 'the name server', syncNames),
    api: createRunner(world, 'the API for pods', serveApi),
  };

  return {
    sync(desired, changed) {
      state = desired;
      if (changed.has('Node')) {
        runners.network.request();
        const now = serviceTraits(selfOf(desired, config.nodeName));
        if (now !== traits) runners.proxy.request();
        traits = now;
      }
      if (policyKinds.some((kind) => changed.has(kind))) runners.policies.request();
      if (changed.has('ConfigMap') && names.isOutOfDate(desired)) runners.dns.request();
      if (serviceKinds.some((kind) => changed.has(kind))) {
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
      await services.close();
      await policies.close();
      await names.close();
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
