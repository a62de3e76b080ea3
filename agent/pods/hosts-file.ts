/** A pod's /etc/hosts. Source: pkg/kubelet/kubelet_pods.go (managedHostsFileContent) */
import type { Pod } from '../../functions/kube/generated/types.ts';
import { hostnameOf, fullyQualifiedName } from './sandbox-config.ts';
import { specOf } from './pod-facts.ts';

export function hostsFile(pod: Pod, podIps: readonly string[], clusterDomain: string): string {
  const names = [fullyQualifiedName(pod, clusterDomain), hostnameOf(pod)].filter((name) => name !== '').join('\t');
  const aliases = (specOf(pod).hostAliases ?? []).map(({ ip, hostnames }) => `${ip}\t${(hostnames ?? []).join('\t')}`);
  return [
    '# Kubernetes-managed hosts file.',
    '127.0.0.1\tlocalhost',
    '::1\tlocalhost ip6-localhost ip6-loopback',
    'fe00::0\tip6-localnet',
    'fe00::0\tip6-mcastprefix',
    'fe00::1\tip6-allnodes',
    'fe00::2\tip6-allrouters',
    ...podIps.map((ip) => `${ip}\t${names}`),
    ...(aliases.length === 0 ? [] : ['', '# Entries added by HostAliases.', ...aliases]),
    '',
  ].join('\n');
}
