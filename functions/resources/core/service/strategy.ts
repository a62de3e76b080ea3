/** What an update keeps, and what a change of type lets go. Source: pkg/registry/core/service/{strategy,storage/storage}.go. */
import { semanticallyEqual } from '../../../kube/equality.ts';
import type { Service, ServicePort } from '../../../kube/generated/types.ts';
import { needsClusterIp, needsNodePorts, setFamilyDefaults } from './defaults.ts';

export function prepareForCreate(service: Service): void {
  service.status = { loadBalancer: {} };
  const { spec } = service;
  if (spec.clusterIP && !spec.clusterIPs?.length) spec.clusterIPs = [spec.clusterIP];
  setFamilyDefaults(service);
}

export function prepareForUpdate(next: Service, current: Service): void {
  alignClusterIps(next.spec, current.spec);
  keepAllocated(next, current);
  dropWhatTypeLacks(next, current);
  setFamilyDefaults(next);
}

/** A client that leaves out what the server once chose means to keep it. Source: patchAllocatedValues. */
function keepAllocated(next: Service, current: Service): void {
  if (needsClusterIp(next) && needsClusterIp(current) && !next.spec.clusterIP && !next.spec.clusterIPs?.length) {
    next.spec.clusterIP = current.spec.clusterIP;
    next.spec.clusterIPs = current.spec.clusterIPs;
  }
  if (needsClusterIp(next) && needsClusterIp(current)) {
    if (!next.spec.ipFamilies?.length) next.spec.ipFamilies = current.spec.ipFamilies;
    next.spec.ipFamilyPolicy ||= current.spec.ipFamilyPolicy;
  }
  if (needsNodePorts(next) && needsNodePorts(current)) keepNodePorts(next.spec.ports ?? [], current.spec.ports ?? []);
}

/** Ports are known by their names; what another port has by now is not given back. */
function keepNodePorts(next: readonly ServicePort[], current: readonly ServicePort[]): void {
  const before = new Map(current.map(({ name = '', nodePort }) => [name, nodePort]));
  const used = new Set(next.map(({ nodePort }) => nodePort));
  for (const port of next) {
    const known = before.get(port.name ?? '');
    if (known !== undefined && !used.has(known)) port.nodePort ||= known;
  }
}

/** `clusterIPs` follows `clusterIP` where a client only knows the one. Source: storage/alloc.go, normalizeClusterIPs. */
function alignClusterIps(next: Service['spec'], current: Service['spec']): void {
  const isSame = (next.clusterIP ?? '') === (current.clusterIP ?? '');
  if (isSame && !next.clusterIPs?.length && current.clusterIPs?.length) next.clusterIPs = current.clusterIPs;
  if (isSame || !semanticallyEqual(next.clusterIPs ?? [], current.clusterIPs ?? [])) return;
  if (next.clusterIP) next.clusterIPs = [next.clusterIP];
  else delete next.clusterIPs;
}

/** Fields that were right for the old type and that the client left as they were go with it. Source: dropTypeDependentFields. */
function dropWhatTypeLacks(next: Service, current: Service): void {
  const { spec } = next;
  if (!needsClusterIp(next) && needsClusterIp(current) && semanticallyEqual(spec.clusterIPs, current.spec.clusterIPs)) {
    delete spec.clusterIP;
    delete spec.clusterIPs;
    delete spec.ipFamilies;
    delete spec.ipFamilyPolicy;
    delete spec.internalTrafficPolicy;
  }
  const isExternal = spec.type === 'NodePort' || spec.type === 'LoadBalancer' || !!spec.externalIPs?.length;
  if (!isExternal && spec.externalTrafficPolicy === current.spec.externalTrafficPolicy) delete spec.externalTrafficPolicy;
  if (!needsNodePorts(next) && needsNodePorts(current) && sameNodePorts(next, current)) {
    for (const port of spec.ports ?? []) delete port.nodePort;
  }
  if (spec.type === 'LoadBalancer' || current.spec.type !== 'LoadBalancer') return;
  delete spec.allocateLoadBalancerNodePorts;
  if (spec.loadBalancerClass === current.spec.loadBalancerClass) delete spec.loadBalancerClass;
  next.status = { ...next.status, loadBalancer: {} };
}

function sameNodePorts(next: Service, current: Service): boolean {
  const before = new Set((current.spec.ports ?? []).map(({ nodePort }) => nodePort));
  return (next.spec.ports ?? []).every(({ nodePort }) => nodePort === undefined || before.has(nodePort));
}
