/** Source: pkg/api/service/warnings.go. */
import type { Service } from '../../../kube/generated/types.ts';
import { ipWarnings, rangeWarnings } from '../../ip-rules.ts';
import { isHeadless } from './defaults.ts';

const hintsAnnotation = 'service.kubernetes.io/topology-aware-hints';
const modeAnnotation = 'service.kubernetes.io/topology-mode';

export function serviceWarnings(service: Service): string[] {
  const { metadata, spec } = service;
  const { type = 'ClusterIP', externalIPs = [], externalName = '' } = spec;
  const isNamed = type === 'ExternalName';
  const ignored = isHeadless(service) && type === 'ClusterIP';
  const { clusterIPs = [], loadBalancerIP = '', loadBalancerSourceRanges = [] } = spec;
  const rows = (list: readonly (readonly [boolean, string])[]): string[] => list.flatMap(([holds, text]) => (holds ? [text] : []));
  return [
    ...rows([
      [
        metadata.annotations?.[hintsAnnotation] !== undefined,
        `annotation ${hintsAnnotation} is deprecated, please use ${modeAnnotation} instead`,
      ],
    ]),
    ...(isNamed || isHeadless(service) ? [] : clusterIPs).flatMap((ip, index) => ipWarnings(ip, `spec.clusterIPs[${index}]`)),
    ...rows([
      [ignored && !!spec.loadBalancerIP, 'spec.loadBalancerIP is ignored for headless services'],
      [ignored && externalIPs.length > 0, 'spec.externalIPs is ignored for headless services'],
      [ignored && spec.sessionAffinity !== 'None', 'spec.SessionAffinity is ignored for headless services'],
    ]),
    ...externalIPs.flatMap((ip, index) => ipWarnings(ip, `spec.externalIPs[${index}]`)),
    ...rows([
      [externalIPs.length > 0 && !ignored && !isNamed, 'spec.externalIPs is deprecated and may no longer be implemented in some clusters'],
    ]),
    ...ipWarnings(loadBalancerIP, 'spec.loadBalancerIP'),
    ...loadBalancerSourceRanges.flatMap((range, index) => rangeWarnings(range, `spec.loadBalancerSourceRanges[${index}]`)),
    ...rows([
      [isNamed && externalIPs.length > 0, 'spec.externalIPs is ignored when spec.type is "ExternalName"'],
      [!isNamed && externalName !== '', 'spec.externalName is ignored when spec.type is not "ExternalName"'],
      [spec.trafficDistribution === 'PreferClose', 'spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone"'],
    ]),
  ];
}
