/**
 * How pods find the apiserver: the Service `kubernetes` has the first address of the range, and leads to where the
 * apiserver listens. Source: pkg/controlplane/controller/kubernetesservice/controller.go, pkg/controlplane/reconcilers.
 */
import type { EndpointSlice, Endpoints, Service, ServiceCIDR } from '../../kube/generated/types.ts';
import { addressAt, parseIpv4Range } from '../../kube/ipv4.ts';

export interface ApiserverPlace {
  /** An IPv4 address that nodes reach. */
  readonly apiserverAddress: string;
  readonly apiserverPort: number;
  readonly serviceCidr: string;
}

const name = 'kubernetes';
const namespace = 'default';
const portName = 'https';

/** Where pods find the apiserver: `10.96.0.1`. */
export const kubernetesServiceIp = (serviceCidr: string): string => addressAt(parseIpv4Range(serviceCidr), 1);

export function kubernetesService({ apiserverPort, serviceCidr }: ApiserverPlace): Service {
  const clusterIP = kubernetesServiceIp(serviceCidr);
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace, labels: { component: 'apiserver', provider: 'kubernetes' } },
    spec: {
      type: 'ClusterIP',
      clusterIP,
      clusterIPs: [clusterIP],
      ipFamilies: ['IPv4'],
      ipFamilyPolicy: 'SingleStack',
      internalTrafficPolicy: 'Cluster',
      sessionAffinity: 'None',
      ports: [{ name: portName, protocol: 'TCP', port: 443, targetPort: apiserverPort }],
    },
  };
}

export const kubernetesEndpoints = ({ apiserverAddress, apiserverPort }: ApiserverPlace): Endpoints => ({
  apiVersion: 'v1',
  kind: 'Endpoints',
  metadata: { name, namespace, labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' } },
  subsets: [{ addresses: [{ ip: apiserverAddress }], ports: [{ name: portName, port: apiserverPort, protocol: 'TCP' }] }],
});

export const kubernetesEndpointSlice = ({ apiserverAddress, apiserverPort }: ApiserverPlace): EndpointSlice => ({
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: { name, namespace, labels: { 'kubernetes.io/service-name': name } },
  addressType: 'IPv4',
  endpoints: [{ addresses: [apiserverAddress], conditions: { ready: true } }],
  ports: [{ name: portName, port: apiserverPort, protocol: 'TCP' }],
});

/** The range out of which Services get their addresses. */
export const kubernetesServiceCIDR = ({ serviceCidr }: ApiserverPlace): ServiceCIDR => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'ServiceCIDR',
  metadata: { name },
  spec: { cidrs: [serviceCidr] },
});
