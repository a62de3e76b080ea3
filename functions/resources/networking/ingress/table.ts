/** Cells of `kubectl get ingresses`. Source: pkg/printers/internalversion/printers.go, printIngress. */
import type { Ingress } from '../../../kube/generated/types.ts';

const hostsMax = 3;

export function hostsText({ spec }: Ingress): string {
  const rules = spec?.rules ?? [];
  const hosts = rules.flatMap(({ host }) => (host ? [host] : []));
  if (hosts.length === 0) return '*';
  const shown = hosts.slice(0, hostsMax).join(',');
  // Upstream counts rules, not hosts, and only those after the third host.
  const third = rules.findIndex(({ host }) => host !== undefined && host === hosts[hostsMax - 1]);
  return hosts.length >= hostsMax && third < rules.length - 1 ? `${shown} + ${rules.length - hostsMax} more...` : shown;
}

export function addressText({ status }: Ingress): string {
  const addresses = (status?.loadBalancer?.ingress ?? []).flatMap(({ ip, hostname }) => ip || hostname || []);
  return [...new Set(addresses)].toSorted().join(',');
}
