/** Which kernel parameters a pod may set here: those that reach no other pod. Pure. Source: pkg/kubelet/sysctl */
import type { Pod } from '../../functions/kube/generated/types.ts';
import { specOf } from './pod-facts.ts';

type Namespace = 'IPC' | 'Net';

/** Upstream serves the newer ones from Linux 4.15 on, which containerd's own oldest kernel is above. */
const safe: Readonly<Record<string, Namespace>> = {
  'kernel.shm_rmid_forced': 'IPC',
  'net.ipv4.ip_local_port_range': 'Net',
  'net.ipv4.tcp_syncookies': 'Net',
  'net.ipv4.ping_group_range': 'Net',
  'net.ipv4.ip_unprivileged_port_start': 'Net',
  'net.ipv4.ip_local_reserved_ports': 'Net',
  'net.ipv4.tcp_keepalive_time': 'Net',
  'net.ipv4.tcp_fin_timeout': 'Net',
  'net.ipv4.tcp_keepalive_intvl': 'Net',
  'net.ipv4.tcp_keepalive_probes': 'Net',
  'net.ipv4.tcp_rmem': 'Net',
  'net.ipv4.tcp_wmem': 'Net',
  'net.ipv4.tcp_slow_start_after_idle': 'Net',
  'net.ipv4.tcp_notsent_lowat': 'Net',
};

const swapped: Readonly<Record<string, string>> = { '.': '/', '/': '.' };

/** With dots between its parts. A name whose first separator is a slash writes dots as slashes and slashes as dots. */
export function normalSysctl(name: string): string {
  const first = /[./]/.exec(name)?.[0];
  return first === '/' ? name.replaceAll(/[./]/g, (separator) => swapped[separator] ?? separator) : name;
}

/** Why the pod may not run on this node; undefined: it may. */
export function forbiddenSysctl(pod: Pod): string | undefined {
  const { securityContext, hostIPC = false, hostNetwork = false } = specOf(pod);
  const shared: Readonly<Record<Namespace, boolean>> = { IPC: hostIPC, Net: hostNetwork };
  for (const sysctl of securityContext?.sysctls ?? []) {
    const name = normalSysctl(sysctl.name);
    const namespace = safe[name];
    if (namespace === undefined) return `forbidden sysctl: "${name}" not allowlisted`;
    if (shared[namespace]) return `forbidden sysctl: "${name}" not allowed with host ${namespace} enabled`;
  }
  return undefined;
}
