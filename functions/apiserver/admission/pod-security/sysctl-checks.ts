/** The sysctls that touch no other pod: a list that grew with the versions. Source: policy/check_sysctls.go. */
import type { PodCheck, Revision } from './check.ts';

const added: readonly (readonly [sinceMinor: number, names: readonly string[]])[] = [
  [
    0,
    [
      'kernel.shm_rmid_forced',
      'net.ipv4.ip_local_port_range',
      'net.ipv4.tcp_syncookies',
      'net.ipv4.ping_group_range',
      'net.ipv4.ip_unprivileged_port_start',
    ],
  ],
  [27, ['net.ipv4.ip_local_reserved_ports']],
  [29, ['net.ipv4.tcp_keepalive_time', 'net.ipv4.tcp_fin_timeout', 'net.ipv4.tcp_keepalive_intvl', 'net.ipv4.tcp_keepalive_probes']],
  [32, ['net.ipv4.tcp_rmem', 'net.ipv4.tcp_wmem']],
  [37, ['net.ipv4.tcp_slow_start_after_idle', 'net.ipv4.tcp_notsent_lowat']],
];

const checkOf =
  (allowed: ReadonlySet<string>): PodCheck =>
  ({ spec }) => {
    const names = (spec.securityContext?.sysctls ?? []).map(({ name }) => name).filter((name) => !allowed.has(name));
    return names.length === 0 ? undefined : { reason: 'forbidden sysctls', detail: names.join(', ') };
  };

export const sysctls: readonly Revision[] = added.map(([sinceMinor]) => {
  const known = added.filter(([since]) => since <= sinceMinor).flatMap(([, names]) => names);
  return { sinceMinor, check: checkOf(new Set(known)) };
});
