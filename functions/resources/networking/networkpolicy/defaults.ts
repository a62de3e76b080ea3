/** Source: pkg/apis/networking/v1/defaults.go. */
import type { NetworkPolicy } from '../../../kube/generated/types.ts';

export function setNetworkPolicyDefaults({ spec }: NetworkPolicy): void {
  if (spec === undefined) return;
  for (const { ports = [] } of [...(spec.ingress ?? []), ...(spec.egress ?? [])]) {
    for (const port of ports) port.protocol ??= 'TCP';
  }
  if ((spec.policyTypes ?? []).length === 0) {
    spec.policyTypes = ['Ingress', ...((spec.egress ?? []).length === 0 ? [] : ['Egress'])];
  }
}
