/** Source: pkg/apis/core/validation/validation.go, ValidateService and ValidateServiceUpdate. */
import { type FieldError, duplicate, forbiddenField, invalid, notSupported, required } from '../../../kube/field-error.ts';
import type { Service, ServicePort, ServiceSpec } from '../../../kube/generated/types.ts';
import { parseIp } from '../../../kube/ip.ts';
import { dnsLabelErrors, dnsSubdomainErrors, portNumberErrors, qualifiedNameErrors } from '../../../kube/names.ts';
import { repeatedIndexes, validateOneOf, validatePortReference } from '../../field-rules.ts';
import { validateLabels } from '../../metadata-validation.ts';
import { validateEndpointIp, validateIp, validateRange } from '../../ip-rules.ts';
import { headless, isHeadless, needsClusterIp } from './defaults.ts';

const types = ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort'];
const daySeconds = 86400;

export function validateService(service: Service, current?: Service): FieldError[] {
  // What addresses are given out by is decided before the rest, and alone.
  const unclear = needsClusterIp(service) ? addressErrors(service, current) : [];
  if (unclear.length > 0) return unclear;
  const families = familyErrors(service);
  if (families.length > 0) return families;
  const { spec } = service;
  const ports = spec.ports ?? [];
  return [
    ...(current === undefined ? [] : changeErrors(service, current)),
    ...topologyErrors(service),
    ...(ports.length === 0 && !isHeadless(service) && needsClusterIp(service) ? [required('spec.ports')] : []),
    ...typeErrors(service),
    ...portsErrors(ports),
    ...validateLabels(spec.selector, 'spec.selector'),
    ...affinityErrors(spec),
    ...externalIpErrors(spec.externalIPs ?? [], current?.spec.externalIPs ?? []),
    ...validateOneOf(spec.type, types, 'spec.type'),
    ...nodePortErrors(ports, spec),
    ...repeatedPortErrors(ports),
    ...rangesErrors(service, current),
    ...balancerErrors(spec),
    ...trafficErrors(spec),
    ...distributionErrors(spec),
  ];
}

const hintsAnnotation = 'service.kubernetes.io/topology-aware-hints';
const modeAnnotation = 'service.kubernetes.io/topology-mode';

function topologyErrors({ metadata: { annotations = {} } }: Service): FieldError[] {
  const [hints, mode] = [annotations[hintsAnnotation], annotations[modeAnnotation]];
  if (hints === undefined || mode === undefined || hints === mode) return [];
  return [invalid(`metadata.annotations[${modeAnnotation}]`, mode, `must match annotations[${hintsAnnotation}] when both are specified`)];
}

const externalIpErrors = (ips: readonly string[], stored: readonly string[]): FieldError[] =>
  ips.flatMap((ip, index) => {
    const field = `spec.externalIPs[${index}]`;
    const errors = validateIp(ip, field, stored);
    return errors.length > 0 ? errors : validateEndpointIp(ip, field);
  });

/** Pods and Services have addresses of one family here. Source: pkg/registry/core/service/storage/alloc.go. */
function familyErrors(service: Service): FieldError[] {
  const { ipFamilies = [], ipFamilyPolicy, selector } = service.spec;
  if (!needsClusterIp(service)) return [];
  if (ipFamilyPolicy === 'SingleStack' && (service.spec.clusterIPs ?? []).length > 1) {
    const why = "must be 'RequireDualStack' or 'PreferDualStack' when multiple cluster IPs are specified";
    return [invalid('spec.ipFamilyPolicy', ipFamilyPolicy, why)];
  }
  if (ipFamilyPolicy === 'SingleStack' && ipFamilies.length > 1) {
    const why = "must be 'RequireDualStack' or 'PreferDualStack' when multiple IP families are specified";
    return [invalid('spec.ipFamilyPolicy', ipFamilyPolicy, why)];
  }
  const foreign = isHeadless(service) ? [] : (service.spec.clusterIPs ?? []).slice(ipFamilies.length).filter((ip) => ip.includes(':'));
  if (foreign.length > 0) {
    return [invalid(`spec.clusterIPs[${ipFamilies.length}]`, service.spec.clusterIPs, 'IPv6 is not configured on this cluster')];
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

const rangesAnnotation = 'service.beta.kubernetes.io/load-balancer-source-ranges';
const balancerOnly = "may only be used when `type` is 'LoadBalancer'";

/** Ranges from which clients may come, which older clients put into an annotation. */
function rangesErrors({ spec, metadata }: Service, current?: Service): FieldError[] {
  const { type, loadBalancerSourceRanges: ranges = [] } = spec;
  const noted = metadata.annotations?.[rangesAnnotation];
  const isInSpec = ranges.length > 0;
  if (!isInSpec && noted === undefined) return [];
  const field = isInSpec ? 'spec.LoadBalancerSourceRanges' : `metadata.annotations[${rangesAnnotation}]`;
  const errors = type === 'LoadBalancer' ? [] : [forbiddenField(field, balancerOnly)];
  if (isInSpec) {
    const stored = (current?.spec.loadBalancerSourceRanges ?? []).map((range) => range.trim());
    return [...errors, ...ranges.flatMap((range, index) => validateRange(range.trim(), `${field}[${index}]`, stored))];
  }
  const text = noted?.trim() ?? '';
  if (text === '' || noted === current?.metadata.annotations?.[rangesAnnotation]) return errors;
  return [...errors, ...text.split(',').flatMap((range) => validateRange(range.trim(), field))];
}

function balancerErrors({ type, loadBalancerClass, allocateLoadBalancerNodePorts: allocates }: ServiceSpec): FieldError[] {
  const isBalancer = type === 'LoadBalancer';
  const field = 'spec.loadBalancerClass';
  const errors: FieldError[] = [];
  if (allocates !== undefined && !isBalancer) errors.push(forbiddenField('spec.allocateLoadBalancerNodePorts', balancerOnly));
  if (allocates === undefined && isBalancer) errors.push(required('allocateLoadBalancerNodePorts'));
  if (loadBalancerClass === undefined) return errors;
  if (!isBalancer) return [...errors, forbiddenField(field, balancerOnly)];
  return [...errors, ...qualifiedNameErrors(loadBalancerClass).map((why) => invalid(field, loadBalancerClass, labelKey(why)))];
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
  const name = externalName.replace(/\.$/, '');
  const kept = [
    ['clusterIPs', service.spec.clusterIPs?.length],
    ['ipFamilies', service.spec.ipFamilies?.length],
    ['ipFamilyPolicy', service.spec.ipFamilyPolicy],
  ] as const;
  return [
    ...kept.flatMap(([field, value]) => (value ? [forbiddenField(`spec.${field}`, 'may not be set for ExternalName services')] : [])),
    ...(name === '' ? [required('spec.externalName')] : dnsSubdomainErrors(name).map((why) => invalid('spec.externalName', name, why))),
  ];
}

const ipFamilies = ['IPv4', 'IPv6'];
const policies = ['PreferDualStack', 'RequireDualStack', 'SingleStack'];

/** Source: ValidateServiceClusterIPsRelatedFields. */
function addressErrors(service: Service, current?: Service): FieldError[] {
  const { clusterIP = '', clusterIPs = [], ipFamilies: families = [], ipFamilyPolicy } = service.spec;
  const errors: FieldError[] = [];
  if (clusterIP !== '' && clusterIPs.length === 0) errors.push(required('spec.clusterIPs'));
  else if (clusterIP !== '' && clusterIPs[0] !== clusterIP) {
    errors.push(invalid('spec.clusterIPs', clusterIPs, 'first value must match `clusterIP`'));
  } else if (clusterIP === '' && clusterIPs.length > 0) {
    errors.push(invalid('spec.clusterIPs', clusterIPs, 'must be empty when `clusterIP` is not specified'));
  }
  errors.push(
    ...families.flatMap((family, index) => [
      ...(ipFamilies.includes(family) ? [] : [notSupported(`spec.ipFamilies[${index}]`, family, ipFamilies)]),
      ...(families.indexOf(family) < index ? [duplicate(`spec.ipFamilies[${index}]`, family)] : []),
    ]),
  );
  if (ipFamilyPolicy !== undefined && !policies.includes(ipFamilyPolicy)) {
    errors.push(notSupported('spec.ipFamilyPolicy', ipFamilyPolicy, policies));
  }
  const wrong = clusterIPs.flatMap((ip, index) => {
    if (index > 0 || ip !== headless) return validateIp(ip, `spec.clusterIPs[${index}]`, current?.spec.clusterIPs);
    return clusterIPs.length > 1 ? [invalid('spec.clusterIPs', clusterIPs, "'None' must be the first and only value")] : [];
  });
  errors.push(...wrong);
  if (clusterIPs.length > 2) errors.push(invalid('spec.clusterIPs', clusterIPs, 'may only hold up to 2 values'));
  return wrong.length > 0 || isHeadless(service) ? errors : [...errors, ...stackErrors(clusterIPs, families)];
}

/** Addresses are of different families, those that were named. */
function stackErrors(clusterIPs: readonly string[], families: readonly string[]): FieldError[] {
  const isDual = new Set(clusterIPs.map((ip) => parseIp(ip)?.bits)).size > 1;
  const errors =
    clusterIPs.length > 1 && !isDual ? [invalid('spec.clusterIPs', clusterIPs, 'may specify no more than one IP for each IP family')] : [];
  return [
    ...errors,
    ...clusterIPs.flatMap((ip, index) => {
      const [family, own] = [families[index], parseIp(ip)?.bits === 32 ? 'IPv4' : 'IPv6'];
      if (family === undefined || !ipFamilies.includes(family) || family === own) return [];
      return [invalid(`spec.clusterIPs[${index}]`, ip, `expected an ${family} value as indicated by \`ipFamilies[${index}]\``)];
    }),
  ];
}

function portsErrors(ports: readonly ServicePort[]): FieldError[] {
  const names = new Set<string>();
  return ports.flatMap((port, index) => portErrors(port, `spec.ports[${index}]`, { needsName: ports.length > 1, names }));
}

function nodePortErrors(ports: readonly ServicePort[], { type }: ServiceSpec): FieldError[] {
  const pairs = ports.map(({ nodePort, protocol }, index) => (nodePort ? `${nodePort}/${protocol}` : `#${index}`));
  const unused = type === 'ClusterIP' ? ports.flatMap(({ nodePort }, index) => (nodePort ? [index] : [])) : [];
  return [
    ...unused.map((index) => forbiddenField(`spec.ports[${index}].nodePort`, "may not be used when `type` is 'ClusterIP'")),
    ...repeatedIndexes(pairs).map((index) => duplicate(`spec.ports[${index}].nodePort`, ports[index]?.nodePort)),
  ];
}

function repeatedPortErrors(ports: readonly ServicePort[]): FieldError[] {
  const pairs = ports.map(({ port, protocol }) => `${port}/${protocol}`);
  return repeatedIndexes(pairs).map((index) => duplicate(`spec.ports[${index}]`, portKey(ports[index])));
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

interface PortRules {
  readonly needsName: boolean;
  /** The names of the ports before. */
  readonly names: Set<string>;
}

function portErrors({ name = '', port, protocol, targetPort, appProtocol }: ServicePort, path: string, rules: PortRules): FieldError[] {
  const errors = name === '' ? [] : dnsLabelErrors(name).map((why) => invalid(`${path}.name`, name, why));
  if (name === '' && rules.needsName) errors.push(required(`${path}.name`));
  if (name !== '' && rules.names.has(name)) errors.push(duplicate(`${path}.name`, name));
  rules.names.add(name);
  return [
    ...errors,
    ...portNumberErrors(port).map((why) => invalid(`${path}.port`, port, why)),
    ...validateOneOf(protocol, ['SCTP', 'TCP', 'UDP'], `${path}.protocol`),
    ...validatePortReference(targetPort, `${path}.targetPort`),
    ...(appProtocol === undefined
      ? []
      : qualifiedNameErrors(appProtocol).map((why) => invalid(`${path}.appProtocol`, appProtocol, labelKey(why)))),
  ];
}

function affinityErrors({ sessionAffinity, sessionAffinityConfig: config }: ServiceSpec): FieldError[] {
  const path = 'spec.sessionAffinityConfig';
  const why = 'when session affinity type is ClientIP';
  if (sessionAffinity === 'None') {
    return config === undefined ? [] : [forbiddenField(path, 'must not be set when session affinity is None')];
  }
  if (sessionAffinity !== 'ClientIP') return validateOneOf(sessionAffinity, ['ClientIP', 'None'], 'spec.sessionAffinity');
  if (config === undefined) return [required(path, why)];
  if (config.clientIP === undefined) return [required(`${path}.clientIP`, why)];
  const seconds = config.clientIP.timeoutSeconds;
  if (seconds === undefined) return [required(`${path}.clientIP.timeoutSeconds`, why)];
  if (seconds > 0 && seconds <= daySeconds) return [];
  return [invalid(`${path}.clientIP.timeoutSeconds`, seconds, `must be greater than 0 and less than ${daySeconds}`)];
}

const needsHealthCheck = ({ type, externalTrafficPolicy }: ServiceSpec): boolean =>
  type === 'LoadBalancer' && externalTrafficPolicy === 'Local';

function trafficErrors(spec: ServiceSpec): FieldError[] {
  const { type = '', externalTrafficPolicy, externalIPs, internalTrafficPolicy, healthCheckNodePort = 0 } = spec;
  const errors: FieldError[] = [];
  const field = 'spec.externalTrafficPolicy';
  const isExternal = type === 'NodePort' || type === 'LoadBalancer' || (type === 'ClusterIP' && !!externalIPs?.length);
  if (isExternal) errors.push(...validateOneOf(externalTrafficPolicy, ['Cluster', 'Local'], field));
  else if (externalTrafficPolicy) {
    errors.push(invalid(field, externalTrafficPolicy, 'may only be set for externally-accessible services'));
  }
  if (healthCheckNodePort !== 0) {
    const why = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'";
    const problems = needsHealthCheck(spec) ? portNumberErrors(healthCheckNodePort) : [why];
    errors.push(...problems.map((problem) => invalid('spec.healthCheckNodePort', healthCheckNodePort, problem)));
  }
  const isOptional = internalTrafficPolicy === undefined && !['ClusterIP', 'NodePort', 'LoadBalancer'].includes(type);
  if (isOptional) return errors;
  const policy = 'spec.internalTrafficPolicy';
  if (internalTrafficPolicy === undefined) return [...errors, required(policy)];
  return ['Cluster', 'Local'].includes(internalTrafficPolicy)
    ? errors
    : [...errors, notSupported(policy, internalTrafficPolicy, ['Cluster', 'Local'])];
}

/** Errors of an update that changes what may not change. */
function changeErrors(next: Service, current: Service): FieldError[] {
  const areBalancers = next.spec.type === 'LoadBalancer' && current.spec.type === 'LoadBalancer';
  const [after, before] = [next.spec.loadBalancerClass, current.spec.loadBalancerClass];
  const field = 'spec.loadBalancerClass';
  const isFixed = needsHealthCheck(next.spec) && needsHealthCheck(current.spec);
  return [
    ...clusterIpChangeErrors(next, current),
    ...(areBalancers && after !== before ? [invalid(field, after ?? null, 'may not change once set')] : []),
    ...balancerErrors(next.spec).filter((error) => error.field === field),
    ...(isFixed && next.spec.healthCheckNodePort !== current.spec.healthCheckNodePort
      ? [forbiddenField('spec.healthCheckNodePort', 'field is immutable')]
      : []),
  ];
}

/** Once given, an address stays; only ExternalName, which has none, is a way out. */
function clusterIpChangeErrors(next: Service, current: Service): FieldError[] {
  if (!needsClusterIp(next) || !needsClusterIp(current) || (isHeadless(next) && isHeadless(current))) return [];
  const [after, before] = [next.spec.clusterIPs?.[0], current.spec.clusterIPs?.[0]];
  if (before === undefined || after === before) return [];
  if (after === undefined) return [invalid('spec.clusterIPs[0]', next.spec.clusterIPs ?? [], 'primary clusterIP can not be unset')];
  return [invalid('spec.clusterIPs[0]', next.spec.clusterIPs, 'may not change once set')];
}
