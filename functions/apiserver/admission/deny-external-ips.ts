/**
 * No Service gets an external address that it does not have yet.
 * Source: plugin/pkg/admission/network/denyserviceexternalips/admission.go.
 */
import type { Service } from '../../kube/generated/types.ts';
import { services } from '../../kube/resource-type.ts';
import type { AdmissionPlugin } from '../ports.ts';
import { isOf, refuse } from './refuse.ts';

export const denyServiceExternalIps: AdmissionPlugin = {
  name: 'DenyServiceExternalIPs',
  handles: (attributes) => (attributes.operation === 'CREATE' || attributes.operation === 'UPDATE') && isOf(attributes, services),
  async validate(attributes) {
    const [next, current] = [attributes.object, attributes.oldObject] as (Service | undefined)[];
    const before = new Set(current?.spec.externalIPs ?? []);
    const isNew = (next?.spec.externalIPs ?? []).some((ip) => !before.has(ip));
    if (isNew) throw refuse(attributes, 'Use of external IPs is denied by admission control');
  },
};
