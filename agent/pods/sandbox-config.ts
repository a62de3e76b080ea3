/** A pod as the runtime's sandbox: names, hostname, DNS, host ports. Pure. Source: pkg/kubelet/kuberuntime/kuberuntime_sandbox.go */
import type { Pod } from '../../functions/kube/generated/types.ts';
import { annotationsOf, labelsOf, nameOf, namespaceOf, uidOf } from '../../functions/kube/object.ts';
import { withoutTrailing } from '../../functions/kube/trailing.ts';
import { podNameLabel, podNamespaceLabel, podUidLabel, type PortMapping, type SandboxConfig } from '../runtime/runtime.ts';
import type { Directories } from './directories.ts';
import { podCgroup, type CgroupPlace } from './pod-cgroup.ts';
import { isHostNetwork, specOf } from './pod-facts.ts';
import { namespacesOf, seccompOf, seLinuxOptionsOf, supplementalGroupsOf, supplementalGroupsPolicyOf } from './security.ts';
import { normalSysctl } from './sysctls.ts';

export interface ClusterFacts {
  readonly nodeName: string;
  readonly clusterDns: string;
  readonly clusterDomain: string;
  /** What the node itself resolves names with. */
  readonly hostDns: SandboxConfig['dns'];
  readonly directories: Directories;
  readonly cgroups: CgroupPlace;
}

const hostnameLengthMax = 63;

/** Longer names are cut, as the kernel takes no more; and not in the middle of a dash. */
export function hostnameOf(pod: Pod): string {
  const { hostnameOverride, hostname } = specOf(pod);
  const name = hostnameOverride ?? hostname ?? nameOf(pod);
  return withoutTrailing(name.slice(0, hostnameLengthMax), '-.');
}

/** The pod's full name in DNS when it has a subdomain and no name of its own choice; else ''. */
export function fullyQualifiedName(pod: Pod, clusterDomain: string): string {
  const { subdomain = '', hostnameOverride } = specOf(pod);
  return subdomain === '' || hostnameOverride !== undefined
    ? ''
    : `${hostnameOf(pod)}.${subdomain}.${namespaceOf(pod)}.svc.${clusterDomain}`;
}

function policyDns(pod: Pod, facts: ClusterFacts): SandboxConfig['dns'] {
  const spec = specOf(pod);
  const policy = spec.dnsPolicy ?? 'ClusterFirst';
  if (policy === 'None') return { servers: [], searches: [], options: [] };
  if (policy === 'Default' || (policy === 'ClusterFirst' && isHostNetwork(pod))) return facts.hostDns;
  const domain = facts.clusterDomain;
  const searches = [`${namespaceOf(pod)}.svc.${domain}`, `svc.${domain}`, domain, ...facts.hostDns.searches];
  return { servers: [facts.clusterDns], searches, options: ['ndots:5'] };
}

/** Source: pkg/kubelet/network/dns/dns.go */
export function dnsOf(pod: Pod, facts: ClusterFacts): SandboxConfig['dns'] {
  const base = policyDns(pod, facts);
  const own = specOf(pod).dnsConfig;
  const options = new Map(base.options.map((option) => [option.split(':')[0] ?? '', option]));
  for (const { name = '', value } of own?.options ?? []) options.set(name, value === undefined || value === '' ? name : `${name}:${value}`);
  return {
    servers: [...new Set([...base.servers, ...(own?.nameservers ?? [])])],
    searches: [...new Set([...base.searches, ...(own?.searches ?? [])])],
    options: [...options.values()],
  };
}

function portMappingsOf(pod: Pod): PortMapping[] {
  if (isHostNetwork(pod)) return [];
  const spec = specOf(pod);
  const ports = [...(spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always'), ...spec.containers].flatMap(
    (container) => container.ports ?? [],
  );
  return ports
    .filter(({ hostPort }) => hostPort !== undefined && hostPort > 0)
    .map(({ protocol, containerPort, hostPort = 0, hostIP }) => ({
      protocol: protocol === 'UDP' || protocol === 'SCTP' ? protocol : 'TCP',
      containerPort,
      hostPort,
      hostIp: hostIP ?? '',
    }));
}

const isPrivileged = (pod: Pod): boolean =>
  [...(specOf(pod).initContainers ?? []), ...specOf(pod).containers].some(({ securityContext }) => securityContext?.privileged === true);

export function sandboxConfig(pod: Pod, attempt: number, facts: ClusterFacts): SandboxConfig {
  const shared = specOf(pod).securityContext;
  const fullName = specOf(pod).setHostnameAsFQDN === true ? fullyQualifiedName(pod, facts.clusterDomain) : '';
  return {
    podUid: uidOf(pod),
    podName: nameOf(pod),
    podNamespace: namespaceOf(pod),
    attempt,
    // A pod of the host's network has the host's name; the runtime refuses another.
    hostname: isHostNetwork(pod) ? '' : fullName || hostnameOf(pod),
    logDirectory: facts.directories.podLogs(pod),
    dns: dnsOf(pod, facts),
    portMappings: portMappingsOf(pod),
    labels: { ...labelsOf(pod), [podNameLabel]: nameOf(pod), [podNamespaceLabel]: namespaceOf(pod), [podUidLabel]: uidOf(pod) },
    annotations: annotationsOf(pod),
    cgroupParent: podCgroup(facts.cgroups, pod),
    sysctls: Object.fromEntries((shared?.sysctls ?? []).map(({ name, value }) => [normalSysctl(name), value])),
    namespaces: namespacesOf(pod),
    privileged: isPrivileged(pod),
    seccomp: seccompOf({ type: 'RuntimeDefault' }, facts.directories.seccomp),
    runAsUser: shared?.runAsUser,
    runAsGroup: shared?.runAsGroup,
    supplementalGroups: supplementalGroupsOf(pod),
    supplementalGroupsPolicy: supplementalGroupsPolicyOf(pod),
    seLinuxOptions: seLinuxOptionsOf(shared?.seLinuxOptions),
  };
}
