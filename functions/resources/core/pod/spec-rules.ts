/** Rules of single fields of a pod's spec. Source: pkg/apis/core/validation/validation.go, ValidatePodSpec. */
import { type FieldError, duplicate, fieldNotFound, forbiddenField, invalid, required, tooLong } from '../../../kube/field-error.ts';
import type { PodSpec } from '../../../kube/generated/types.ts';
import { internalForm } from '../../../kube/go-internal.ts';
import { dnsLabelErrors, dnsSubdomainErrors, qualifiedNameErrors, underscoredSubdomainErrors } from '../../../kube/names.ts';
import { validateIp } from '../../ip-rules.ts';
import { placedContainers } from './placed-containers.ts';

const nameserversMax = 3;
const searchesMax = 32;
const searchCharactersMax = 2048;

export function validateDnsConfig({ dnsConfig, dnsPolicy }: PodSpec, path: string): FieldError[] {
  const field = `${path}.dnsConfig`;
  const { nameservers = [], searches = [], options = [] } = dnsConfig ?? {};
  if (dnsPolicy === 'None' && dnsConfig === undefined) return [required(field, 'must provide `dnsConfig` when `dnsPolicy` is None')];
  if (dnsPolicy === 'None' && nameservers.length === 0) {
    return [required(`${field}.nameservers`, 'must provide at least one DNS nameserver when `dnsPolicy` is None')];
  }
  return [
    ...(nameservers.length > nameserversMax
      ? [invalid(`${field}.nameservers`, nameservers, `must not have more than ${nameserversMax} nameservers`)]
      : []),
    ...nameservers.flatMap((address, index) => validateIp(address, `${field}.nameservers[${index}]`)),
    ...searchErrors(searches, `${field}.searches`),
    ...options.flatMap(({ name }, index) => (name ? [] : [required(`${field}.options[${index}]`, 'must not be empty')])),
  ];
}

function searchErrors(searches: readonly string[], field: string): FieldError[] {
  const limits = [
    [searches.length > searchesMax, `must not have more than ${searchesMax} search paths`],
    [
      searches.join(' ').length > searchCharactersMax,
      `must not have more than ${searchCharactersMax} characters (including spaces) in the search list`,
    ],
  ] as const;
  return [
    ...limits.flatMap(([isExceeded, why]) => (isExceeded ? [invalid(field, searches, why)] : [])),
    ...searches
      .map((search) => (search === '.' ? search : search.replace(/\.$/, '')))
      .flatMap((search, index) =>
        search === '.' ? [] : underscoredSubdomainErrors(search).map((why) => invalid(`${field}[${index}]`, search, why)),
      ),
  ];
}

export const validateHostAliases = ({ hostAliases = [] }: PodSpec, path: string): FieldError[] =>
  hostAliases.flatMap(({ ip, hostnames = [] }, index) => {
    const field = `${path}.hostAliases[${index}]`;
    return [
      ...validateIp(ip, `${field}.ip`),
      ...hostnames.flatMap((name, at) => dnsSubdomainErrors(name).map((why) => invalid(`${field}.hostnames[${at}]`, name, why))),
    ];
  });

/** Users of the host cannot be left out where its namespaces are shared. */
export function validateHostUsers(spec: PodSpec, path: string): FieldError[] {
  if (spec.hostUsers !== false) return [];
  const why = 'when `hostUsers` is false';
  const shared = [
    ['hostNetwork', spec.hostNetwork],
    ['HostPID', spec.hostPID],
    ['HostIPC', spec.hostIPC],
  ] as const;
  return [
    ...shared.flatMap(([field, isShared]) => (isShared === true ? [forbiddenField(`${path}.${field}`, why)] : [])),
    ...placedContainers(spec, path)
      .filter(({ container }) => (container.volumeDevices ?? []).length > 0)
      .map(({ field }) => forbiddenField(`${field}.volumeDevices`, why)),
  ];
}

/** On the network of the host, a port of a container is that of the host. Templates may leave the host's out. */
export function validateHostNetwork({ hostNetwork, containers }: PodSpec, path: string, isTemplate: boolean): FieldError[] {
  if (hostNetwork !== true) return [];
  return (containers ?? []).flatMap(({ ports = [] }, container) =>
    ports.flatMap(({ hostPort = 0, containerPort }, index) =>
      hostPort === containerPort || (isTemplate && hostPort === 0)
        ? []
        : [
            invalid(
              `${path}.containers[${container}].ports[${index}].hostPort`,
              hostPort,
              'must match `containerPort` when `hostNetwork` is true',
            ),
          ],
    ),
  );
}

const hostnameBytesMax = 64;

/** Source: validatePodHostName. */
export function validateHostname(spec: PodSpec, path: string): FieldError[] {
  const { hostnameOverride: name, setHostnameAsFQDN, hostNetwork } = spec;
  if (name === undefined) return [];
  const field = `${path}.hostnameOverride`;
  return [
    ...(setHostnameAsFQDN === true ? [forbiddenField(field, 'may not be specified when setHostnameAsFQDN is true')] : []),
    ...(hostNetwork === true ? [forbiddenField(field, 'may not be specified when hostNetwork is true')] : []),
    ...(Buffer.byteLength(name) > hostnameBytesMax ? [tooLong(field, hostnameBytesMax)] : []),
    ...dnsSubdomainErrors(name).map((why) => invalid(field, name, why)),
  ];
}

export const validateReadinessGates = ({ readinessGates = [] }: PodSpec, path: string): FieldError[] =>
  readinessGates.flatMap(({ conditionType }, index) =>
    qualifiedNameErrors(conditionType).map((why) => invalid(`${path}.readinessGates[${index}].conditionType`, conditionType, why)),
  );

export const validateSchedulingGates = ({ schedulingGates = [] }: PodSpec, path: string): FieldError[] =>
  schedulingGates.flatMap(({ name }, index) => {
    const field = `${path}.schedulingGates[${index}]`;
    const isRepeated = schedulingGates.findIndex((gate) => gate.name === name) < index;
    return [...qualifiedNameErrors(name).map((why) => invalid(field, name, why)), ...(isRepeated ? [duplicate(field, name)] : [])];
  });

const claimSources = ['resourceClaimName', 'resourceClaimTemplateName'] as const;

/** The claims for devices that the pod names. */
export function validateClaims({ resourceClaims = [] }: PodSpec, path: string): FieldError[] {
  const names = new Set<string>();
  return resourceClaims.flatMap((claim, index) => {
    const { name } = claim;
    const field = `${path}.resourceClaims[${index}]`;
    const errors: FieldError[] = [];
    if (!name) errors.push(required(`${field}.name`));
    else if (names.has(name)) errors.push(duplicate(`${field}.name`, name));
    else errors.push(...dnsLabelErrors(name).map((why) => invalid(`${field}.name`, name, why)));
    if (name) names.add(name);
    const count = claimSources.filter((source) => claim[source] !== undefined).length;
    if (count !== 1) {
      const why =
        count === 0
          ? 'must specify one of: `resourceClaimName`, `resourceClaimTemplateName`'
          : 'at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified';
      errors.push(invalid(field, internalForm('core.PodResourceClaim', claim), why));
    }
    for (const source of claimSources) {
      const of = claim[source];
      if (of !== undefined) errors.push(...dnsSubdomainErrors(of).map((why) => invalid(`${field}.${source}`, of, why)));
    }
    return errors;
  });
}

/** Variables read from a file need its volume, which is an empty directory. Source: validateFileKeyRefVolumes. */
export const validateFileKeyVolumes = (spec: PodSpec, path: string): FieldError[] =>
  placedContainers(spec, path).flatMap(({ container, field }) =>
    (container.env ?? []).flatMap(({ valueFrom }, index) => {
      if (valueFrom?.fileKeyRef === undefined) return [];
      const { volumeName } = valueFrom.fileKeyRef;
      const at = `${field}.env[${index}].valueFrom.fileKeyRef.volumeName`;
      const volume = (spec.volumes ?? []).findLast(({ name }) => name === volumeName);
      if (volume === undefined) return [fieldNotFound(at, volumeName)];
      return volume.emptyDir === undefined ? [invalid(at, volumeName, 'referenced volume must be of type emptyDir')] : [];
    }),
  );

export function validateSchedulingGroup({ schedulingGroup }: PodSpec, path: string): FieldError[] {
  if (schedulingGroup === undefined) return [];
  const { podGroupName: name } = schedulingGroup;
  const field = `${path}.schedulingGroup.podGroupName`;
  if (name === undefined) return [invalid(field, null, 'must specify one of: `podGroupName`')];
  return dnsSubdomainErrors(name).map((why) => invalid(field, name, why));
}
