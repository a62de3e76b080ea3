/** Source: pkg/apis/core/validation/validation.go, ValidateService and ValidateServiceUpdate. */
import { isIPv4 } from 'node:net';
import { type FieldError, duplicate, forbiddenField, invalid, notSupported, required } from '../../../kube/field-error.ts';
import type { Service, ServicePort, ServiceSpec } from '../../../kube/generated/types.ts';
import { dnsLabelErrors, dnsSubdomainErrors, portNumberErrors, qualifiedNameErrors } from '../../../kube/names.ts';
import { repeatedIndexes, validateOneOf, validatePortReference } from '../../field-rules.ts';
import { validateLabels } from '../../metadata-validation.ts';
import { validateEndpointIp, validateRange } from '../../ip-rules.ts';
import { ipErrors } from '../endpoints/validation.ts';
import { headless, isHeadless, needsClusterIp } from './defaults.ts';

const types = ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort'];
const daySeconds = 86400;

export function validateService(service: Service): FieldError[] {
  const { spec } = service;
  const ports = spec.ports ?? [];
  return [
    ...(ports.length === 0 && !isHeadless(service) && needsClusterIp(service) ? [required('spec.ports')] : []),
    ...typeErrors(service),
    ...clusterIpErrors(service),
    ...portsErrors(ports, spec),
    ...validateLabels(spec.selector, 'spec.selector'),
    ...affinityErrors(spec),
    ...validateOneOf(spec.type, types, 'spec.type'),
    ...(spec.externalIPs ?? []).flatMap((ip, index) => [
      ...ipErrors(ip, `spec.externalIPs[${index}]`),
      ...validateEndpointIp(ip, `spec.externalIPs[${index}]`),
    ]),
    ...trafficErrors(spec),
    ...familyErrors(service),
    ...distributionErrors(spec),
    ...balancerErrors(spec),
  ];
}

/** Pods and Services have addresses of one family here. Source: pkg/registry/core/service/storage/alloc.go. */
function familyErrors(service: Service): FieldError[] {
  const { ipFamilies = [], ipFamilyPolicy, selector } = service.spec;
  if (!needsClusterIp(service)) return [];
  if (ipFamilyPolicy === 'SingleStack' && ipFamilies.length > 1) {
    const why = "must be 'RequireDualStack' or 'PreferDualStack' when multiple IP families are specified";
    return [invalid('spec.ipFamilyPolicy', ipFamilyPolicy, why)];
  }
  if (isHeadless(service) && Object.keys(selector ?? {}).length === 0) return [];
  const errors = ipFamilies.flatMap((family, index) =>
    family === 'IPv6' ? [invalid(`spec.ipFamilies[${index}]`, family, 'not configured on this cluster')] : [],
  );
  if (ipFamilyPolicy !== 'RequireDualStack') return errors;
  return [invalid('spec.ipFamilyPolicy', ipFamilyPolicy, 'this cluster is not configured for dual-stack services'), ...errors];
}

const distributions = ['PreferClose', 'PreferSameZone', 'PreferSameNode'];

const distributionErrors = ({ trafficDistribution: wanted }: ServiceSpec): FieldError[] =>
  wanted === undefined || distributions.includes(wanted) ? [] : [notSupported('spec.trafficDistribution', wanted, distributions)];

function balancerErrors({ type, loadBalancerClass, loadBalancerSourceRanges: ranges = [] }: ServiceSpec): FieldError[] {
  const errors: FieldError[] = [];
  const field = 'spec.LoadBalancerSourceRanges';
  if (ranges.length > 0 && type !== 'LoadBalancer') {
    errors.push(forbiddenField(field, "may only be used when `type` is 'LoadBalancer'"));
  }
  errors.push(...ranges.flatMap((range, index) => validateRange(range.trim(), `${field}[${index}]`)));
  if (loadBalancerClass === undefined || type !== 'LoadBalancer') return errors;
  return [
    ...errors,
    ...qualifiedNameErrors(loadBalancerClass).map((why) => invalid('spec.loadBalancerClass', loadBalancerClass, labelKey(why))),
  ];
}

/** Upstream words this one otherwise. */
const labelKey = (why: string): string => why.replace(/^a qualified name must/, 'a valid label key must');

function typeErrors(service: Service): FieldError[] {
  const { type, externalName = '' } = service.spec;
  if (type === 'LoadBalancer' && isHeadless(service)) {
    return [invalid('spec.clusterIPs[0]', headless, "may not be set to 'None' for LoadBalancer services")];
  }
  if (type === 'NodePort' && isHeadless(service)) {
    return [invalid('spec.clusterIPs[0]', headless, "may not be set to 'None' for NodePort services")];
  }
  if (type !== 'ExternalName') return [];
  const name = externalName.endsWith('.') ? externalName.slice(0, -1) : externalName;
  return name === ''
    ? [required('spec.externalName')]
    : dnsSubdomainErrors(name).map((why) => invalid('spec.externalName', externalName, why));
}

function clusterIpErrors(service: Service): FieldError[] {
  const { clusterIP, clusterIPs = [] } = service.spec;
  if (clusterIPs.length === 0) return [];
  if (!needsClusterIp(service)) return [forbiddenField('spec.clusterIPs', 'may not be set for ExternalName services')];
  if (clusterIP !== clusterIPs[0]) return [invalid('spec.clusterIPs', clusterIPs, 'first value must match `clusterIP`')];
  if (isHeadless(service)) return [];
  if (clusterIPs.length > 1) return [invalid('spec.clusterIPs', clusterIPs, 'may only hold up to 1 value in a single-stack cluster')];
  return clusterIPs.flatMap((ip, index) => (isIPv4(ip) ? [] : ipErrors(ip, `spec.clusterIPs[${index}]`)));
}

function portsErrors(ports: readonly ServicePort[], spec: ServiceSpec): FieldError[] {
  const errors = ports.flatMap((port, index) =>
    portErrors(port, spec.type ?? '', { path: `spec.ports[${index}]`, needsName: ports.length > 1 }),
  );
  const names = ports.map(({ name }, index) => name || `#${index}`);
  const pairs = ports.map(({ port, protocol }) => `${port}/${protocol}`);
  const nodePorts = ports.map(({ nodePort, protocol }, index) => (nodePort ? `${nodePort}/${protocol}` : `#${index}`));
  return [
    ...errors,
    ...repeatedIndexes(names).map((index) => duplicate(`spec.ports[${index}].name`, ports[index]?.name)),
    ...repeatedIndexes(nodePorts).map((index) => duplicate(`spec.ports[${index}].nodePort`, ports[index]?.nodePort)),
    ...repeatedIndexes(pairs).map((index) => duplicate(`spec.ports[${index}]`, portKey(ports[index]))),
  ];
}

/** As the error prints it: upstream's internal type has no JSON names. */
const portKey = (port: ServicePort | undefined): object => ({
  Name: '',
  Protocol: port?.protocol ?? '',
  AppProtocol: null,
  Port: port?.port ?? 0,
  TargetPort: 0,
  NodePort: 0,
});

function portErrors(port: ServicePort, type: string, { path, needsName }: { path: string; needsName: boolean }): FieldError[] {
  return [
    ...(needsName && !port.name ? [required(`${path}.name`)] : []),
    ...(port.name ? dnsLabelErrors(port.name).map((why) => invalid(`${path}.name`, port.name, why)) : []),
    ...portNumberErrors(port.port).map((why) => invalid(`${path}.port`, port.port, why)),
    ...validateOneOf(port.protocol, ['SCTP', 'TCP', 'UDP'], `${path}.protocol`),
    ...validatePortReference(port.targetPort, `${path}.targetPort`),
    ...(port.appProtocol ? qualifiedNameErrors(port.appProtocol).map((why) => invalid(`${path}.appProtocol`, port.appProtocol, why)) : []),
    ...(port.nodePort && (type === 'ClusterIP' || type === 'ExternalName')
      ? [forbiddenField(`${path}.nodePort`, `may not be used when \`type\` is '${type}'`)]
      : []),
  ];
}

function affinityErrors({ sessionAffinity, sessionAffinityConfig }: ServiceSpec): FieldError[] {
  const errors = validateOneOf(sessionAffinity, ['ClientIP', 'None'], 'spec.sessionAffinity');
  const seconds = sessionAffinityConfig?.clientIP?.timeoutSeconds;
  if (seconds === undefined || (seconds > 0 && seconds <= daySeconds)) return errors;
  const why = `must be greater than 0 and less than ${daySeconds}`;
  return [...errors, invalid('spec.sessionAffinityConfig.clientIP.timeoutSeconds', seconds, why)];
}

function trafficErrors({ type, externalTrafficPolicy, externalIPs, internalTrafficPolicy }: ServiceSpec): FieldError[] {
  const errors: FieldError[] = [];
  const isExternal = type === 'NodePort' || type === 'LoadBalancer' || (type === 'ClusterIP' && !!externalIPs?.length);
  if (externalTrafficPolicy && !isExternal) {
    errors.push(invalid('spec.externalTrafficPolicy', externalTrafficPolicy, 'may only be set for externally-accessible services'));
  } else if (externalTrafficPolicy) {
    errors.push(...validateOneOf(externalTrafficPolicy, ['Cluster', 'Local'], 'spec.externalTrafficPolicy'));
  }
  if (internalTrafficPolicy) errors.push(...validateOneOf(internalTrafficPolicy, ['Cluster', 'Local'], 'spec.internalTrafficPolicy'));
  return errors;
}

/** Once given, an address stays; only ExternalName, which has none, is a way out. */
export function validateServiceUpdate(next: Service, current: Service): FieldError[] {
  if (!needsClusterIp(next) || !needsClusterIp(current)) return [];
  const [after, before] = [next.spec.clusterIPs?.[0], current.spec.clusterIPs?.[0]];
  if (before === undefined || after === before) return [];
  if (after === undefined) return [invalid('spec.clusterIPs[0]', next.spec.clusterIPs ?? [], 'primary clusterIP can not be unset')];
  return [invalid('spec.clusterIPs[0]', next.spec.clusterIPs, 'may not change once set')];
}
