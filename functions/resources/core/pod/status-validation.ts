/** Source: pkg/apis/core/validation/validation.go, ValidatePodStatusUpdate. */
import { type FieldError, duplicate, forbiddenField, internalError, invalid, required } from '../../../kube/field-error.ts';
import type {
  ContainerExtendedResourceRequest,
  ContainerStatus,
  Pod,
  PodCondition,
  PodExtendedResourceClaimStatus,
  PodIP,
  PodResourceClaimStatus,
  PodSpec,
} from '../../../kube/generated/types.ts';
import { parseIp } from '../../../kube/ip.ts';
import { dnsLabelErrors, dnsSubdomainErrors, qualifiedNameErrors } from '../../../kube/names.ts';
import { validateIp } from '../../ip-rules.ts';
import { validateImmutable } from '../../metadata-validation.ts';

const negative = 'must be a non-negative integer';

export function validatePodStatusUpdate({ status = {}, spec }: Pod, { status: before = {}, spec: specBefore }: Pod): FieldError[] {
  const { nominatedNodeName: nominated = '', observedGeneration = 0 } = status;
  const isNominated = nominated !== '' && nominated !== before.nominatedNodeName;
  return [
    ...conditionErrors(status.conditions ?? []),
    ...(isNominated ? dnsSubdomainErrors(nominated).map((why) => invalid('status.nominatedNodeName', nominated, why)) : []),
    ...(isNominated && specBefore.nodeName
      ? [forbiddenField('status.nominatedNodeName', 'may not be set on pods that are already bound to a node')]
      : []),
    ...(observedGeneration < 0 ? [invalid('status.observedGeneration', observedGeneration, negative)] : []),
    ...validateImmutable(status.qosClass ?? '', before.qosClass ?? '', 'status.qosClass'),
    ...restartErrors(status.containerStatuses ?? [], before.containerStatuses ?? [], spec),
    ...claimErrors(status.resourceClaimStatuses ?? [], spec),
    ...extendedClaimErrors(status.extendedResourceClaimStatus, spec),
    ...podIpErrors(status, before.podIPs ?? []),
    ...hostIpErrors(status, before.hostIPs ?? []),
  ];
}

const ofSystem = ['PodScheduled', 'Ready', 'Initialized'];

const conditionErrors = (conditions: readonly PodCondition[]): FieldError[] =>
  conditions.flatMap(({ type = '', observedGeneration = 0 }, index) => {
    const path = `status.conditions[${index}]`;
    return [
      ...(observedGeneration < 0 ? [invalid(`${path}.observedGeneration`, observedGeneration, negative)] : []),
      ...(ofSystem.includes(type) ? [] : qualifiedNameErrors(type).map((why) => invalid(`${path}.Type`, type, why))),
    ];
  });

/** A container that ended for good does not come back. Source: ValidateContainerStateTransition. */
function restartErrors(next: readonly ContainerStatus[], current: readonly ContainerStatus[], spec: PodSpec): FieldError[] {
  if (spec.restartPolicy === 'Always') return [];
  return current.flatMap(({ name, state }, index) => {
    const ended = state?.terminated;
    const after = next.find((status) => status.name === name);
    const mayRestart = spec.restartPolicy === 'OnFailure' && ended?.exitCode !== 0;
    if (ended === undefined || after === undefined || after.state?.terminated !== undefined || mayRestart) return [];
    return [forbiddenField(`status.containerStatuses[${index}].state`, 'may not be transitioned to non-terminated state')];
  });
}

function claimErrors(statuses: readonly PodResourceClaimStatus[], { resourceClaims = [] }: PodSpec): FieldError[] {
  const names = new Set<string>();
  return statuses.flatMap(({ name = '', resourceClaimName }, index) => {
    const path = `status.resourceClaimStatuses[${index}]`;
    const errors: FieldError[] = [];
    if (!resourceClaims.some((claim) => claim.name === name)) {
      errors.push(invalid(`${path}.name`, name, 'must match the name of an entry in `spec.resourceClaims`'));
    }
    if (names.has(name)) errors.push(duplicate(`${path}.name`, name));
    names.add(name);
    if (resourceClaimName === undefined) return errors;
    return [...errors, ...dnsSubdomainErrors(resourceClaimName).map((why) => invalid(`${path}.resourceClaimName`, resourceClaimName, why))];
  });
}

/** Source: validatePodExtendedResourceClaimStatus. */
function extendedClaimErrors(status: PodExtendedResourceClaimStatus | undefined, spec: PodSpec): FieldError[] {
  if (status === undefined) return [];
  const path = 'status.extendedResourceClaimStatus';
  const { requestMappings: mappings = [], resourceClaimName: claim = '' } = status;
  const seen = new Set<string>();
  return [
    ...(mappings.length === 0 ? [required(`${path}.requestMappings`, 'at least one request mapping is required')] : []),
    ...mappings.flatMap((mapping, index) => {
      const { containerName, resourceName, requestName } = mapping;
      const at = `${path}.requestMappings[${index}]`;
      const key = JSON.stringify([containerName, resourceName, requestName]);
      const isRepeated = seen.has(key);
      seen.add(key);
      return [
        ...mappedResourceErrors(mapping, spec, at),
        ...dnsLabelErrors(requestName).map((why) => invalid(`${path}.requestName`, requestName, why)),
        ...(isRepeated
          ? (['containerName', 'resourceName', 'requestName'] as const).map((field) => duplicate(`${at}.${field}`, mapping[field]))
          : []),
      ];
    }),
    ...(claim === ''
      ? [required(`${path}.resourceClaimName`)]
      : dnsSubdomainErrors(claim).map((why) => invalid(`${path}.resourceClaimName`, claim, why))),
  ];
}

function mappedResourceErrors(
  { containerName, resourceName }: ContainerExtendedResourceRequest,
  spec: PodSpec,
  path: string,
): FieldError[] {
  const places = ['spec.initContainers', 'spec.containers'];
  const container = [...spec.containers, ...(spec.initContainers ?? [])].find(({ name }) => name === containerName);
  if (container === undefined) {
    const names = places.map((place) => `${place}.name`).join(' or ');
    return [invalid(`${path}.containerName`, containerName, `must match the name of an entry in ${names}`)];
  }
  if (container.resources?.requests?.[resourceName] !== undefined) return [];
  const requests = places.map((place) => `${place}.resources.requests`).join(' or ');
  return [invalid(`${path}.resourceName`, resourceName, `must match the extended resource name of an entry in ${requests}`)];
}

type Addresses = readonly { readonly ip?: string }[];

const textsOf = (list: Addresses): string[] => list.map(({ ip = '' }) => ip);

/** Two addresses at most, one of each family. */
function familyErrors(list: Addresses, path: string): FieldError[] {
  const texts = textsOf(list);
  if (texts.length < 2) return [];
  const addresses = texts.map((text) => parseIp(text));
  const wrong = addresses.findIndex((address) => address === undefined);
  const why = `failed to check for dual stack with error:invalid IP[${wrong}]: ${texts[wrong]}`;
  const isDual = wrong === -1 && new Set(addresses.map((address) => address?.bits)).size > 1;
  return [
    ...(wrong === -1 ? [] : [internalError(path, why)]),
    ...(isDual && texts.length === 2
      ? []
      : [
          invalid(
            path,
            texts.map((IP) => ({ IP })),
            'may specify no more than one IP for each IP family',
          ),
        ]),
  ];
}

function podIpErrors({ podIP = '', podIPs = [] }: NonNullable<Pod['status']>, before: readonly PodIP[]): FieldError[] {
  const path = 'status.podIPs';
  const first = podIPs[0]?.ip ?? '';
  const errors = [
    ...textsOf(podIPs).flatMap((text, index) => validateIp(text, `${path}[${index}]`, textsOf(before))),
    ...familyErrors(podIPs, path),
  ];
  if ((podIP !== '') !== podIPs.length > 0) {
    const value = podIPs.length === 0 ? null : textsOf(podIPs).map((IP) => ({ IP }));
    return [...errors, invalid(path, value, 'podIP and podIPs must either both be set or both be unset')];
  }
  return podIPs.length > 0 && podIP !== first ? [...errors, invalid(`${path}[0].ip`, first, 'must be equal to `podIP`')] : errors;
}

function hostIpErrors({ hostIP = '', hostIPs = [] }: NonNullable<Pod['status']>, before: Addresses): FieldError[] {
  const path = 'status.hostIPs';
  const first = hostIPs[0]?.ip ?? '';
  if (hostIPs.length === 0) return [];
  return [
    ...(hostIP === first ? [] : [invalid(`${path}[0].ip`, first, 'must be equal to `hostIP`')]),
    ...textsOf(hostIPs).flatMap((text, index) => validateIp(text, `${path}[${index}]`, textsOf(before))),
    ...familyErrors(hostIPs, path),
  ];
}
