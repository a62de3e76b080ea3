/** Source: pkg/apis/core/v1/defaults.go, SetDefaults_Service; pkg/registry/core/service/storage/alloc.go. */
import type { Service, ServicePort } from '../../../kube/generated/types.ts';

const affinitySeconds = 3 * 60 * 60;

export const headless = 'None';
export const needsClusterIp = ({ spec }: Service): boolean => spec.type !== 'ExternalName';
export const isHeadless = ({ spec }: Service): boolean => spec.clusterIP === headless;
export const needsNodePorts = ({ spec }: Service): boolean =>
  spec.type === 'NodePort' || (spec.type === 'LoadBalancer' && spec.allocateLoadBalancerNodePorts !== false);

export function setServiceDefaults(service: Service): void {
  const { spec } = service;
  spec.type ||= 'ClusterIP';
  setAffinityDefaults(spec);
  for (const port of spec.ports ?? []) setPortDefaults(port);
  const isExternal = spec.type === 'NodePort' || spec.type === 'LoadBalancer' || (needsClusterIp(service) && !!spec.externalIPs?.length);
  if (isExternal) spec.externalTrafficPolicy ||= 'Cluster';
  if (spec.type !== 'ExternalName') spec.internalTrafficPolicy ??= 'Cluster';
  if (spec.type === 'LoadBalancer') spec.allocateLoadBalancerNodePorts ??= true;
  for (const ingress of service.status?.loadBalancer?.ingress ?? []) if (ingress.ip) ingress.ipMode ??= 'VIP';
}

function setAffinityDefaults(spec: Service['spec']): void {
  spec.sessionAffinity ||= 'None';
  if (spec.sessionAffinity === 'None') delete spec.sessionAffinityConfig;
  if (spec.sessionAffinity === 'ClientIP' && spec.sessionAffinityConfig?.clientIP?.timeoutSeconds === undefined) {
    spec.sessionAffinityConfig = { clientIP: { timeoutSeconds: affinitySeconds } };
  }
}

function setPortDefaults(port: ServicePort): void {
  port.protocol ||= 'TCP';
  port.targetPort ||= port.port;
}

/** This cluster has one family of addresses, whatever was preferred. */
export function setFamilyDefaults({ spec }: Service): void {
  if (spec.type === 'ExternalName') return;
  const isUnselected = spec.clusterIP === headless && Object.keys(spec.selector ?? {}).length === 0;
  spec.ipFamilyPolicy ||= isUnselected && (spec.ipFamilies?.length ?? 0) !== 1 ? 'RequireDualStack' : 'SingleStack';
  const [family = 'IPv4'] = spec.ipFamilies ?? [];
  // The author of the endpoints of such a Service may write any address.
  if (isUnselected && spec.ipFamilyPolicy !== 'SingleStack' && (spec.ipFamilies?.length ?? 0) < 2) {
    spec.ipFamilies = [family, family === 'IPv4' ? 'IPv6' : 'IPv4'];
  } else if (!spec.ipFamilies?.length && !spec.clusterIP?.includes(':')) spec.ipFamilies = [family];
}
