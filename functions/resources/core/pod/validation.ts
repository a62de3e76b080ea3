/** Source: pkg/apis/core/validation/validation.go, ValidatePodSpec and ValidatePodUpdate. */
import { copy } from '../../../kube/copy.ts';
import { semanticallyEqual } from '../../../kube/equality.ts';
import { type FieldError, duplicate, forbiddenField, invalid, required } from '../../../kube/field-error.ts';
import { internalForm } from '../../../kube/go-internal.ts';
import type { Pod, PodSpec, Toleration } from '../../../kube/generated/types.ts';
import { dnsLabelErrors, dnsSubdomainErrors } from '../../../kube/names.ts';
import { unifiedDiff } from '../../../kube/unified-diff.ts';
import { builtIn, enumErrors } from '../../../kube/schema.ts';
import { repeatedIndexes, validateNonnegative, validateOneOf } from '../../field-rules.ts';
import { validateLabels } from '../../metadata-validation.ts';
import { ipErrors } from '../endpoints/validation.ts';
import { validateAffinity, validateTopologySpread } from './affinity-validation.ts';
import { validateContainerNames, validateContainers, validateIds, validateInitContainers } from './container-validation.ts';
import {
  validateClaims,
  validateDnsConfig,
  validateHostAliases,
  validateHostUsers,
  validateOs,
  validateReadinessGates,
  validateSleep,
} from './spec-rules.ts';
import { validateSysctls } from './sysctl-validation.ts';
import { validateTolerations } from './toleration-validation.ts';
import { validateVolumes } from './volume-validation.ts';

const restartPolicies = ['Always', 'OnFailure', 'Never'];
const dnsPolicies = ['ClusterFirstWithHostNet', 'ClusterFirst', 'Default', 'None'];
const secondsMax = 2 ** 31 - 1;
const graceSecondsDefault = 30;

export function validatePod(pod: Pod, current?: Pod): FieldError[] {
  const errors = validatePodSpec(pod.spec, 'spec');
  if (current !== undefined || pod.spec.ephemeralContainers === undefined) return errors;
  return [...errors, forbiddenField('spec.ephemeralContainers', 'cannot be set on create')];
}

/** Also of the pods that templates describe. */
export function validatePodSpec(spec: PodSpec, path: string): FieldError[] {
  const errors = specErrors(spec, path);
  const known = new Set(errors.map(({ field }) => field));
  // Fields that no rule looks at may still have a value that the API does not know.
  const others = enumErrors(builtIn('io.k8s.api.core.v1.PodSpec'), spec).map((error) => ({ ...error, field: `${path}.${error.field}` }));
  return [...errors, ...others.filter(({ field }) => !known.has(field))];
}

function specErrors(spec: PodSpec, path: string): FieldError[] {
  const { volumes = [], initContainers = [] } = spec;
  const rules = { volumeNames: new Set(volumes.map(({ name }) => name)), hostNetwork: spec.hostNetwork === true };
  return [
    ...validateVolumes(volumes, `${path}.volumes`),
    ...validateContainers(spec.containers, `${path}.containers`, rules),
    ...validateInitContainers(initContainers, `${path}.initContainers`, rules),
    ...validateContainerNames(initContainers, spec.containers ?? [], path),
    ...validateOneOf(spec.restartPolicy, restartPolicies, `${path}.restartPolicy`),
    ...validateOneOf(spec.dnsPolicy, dnsPolicies, `${path}.dnsPolicy`),
    ...validateLabels(spec.nodeSelector, `${path}.nodeSelector`),
    ...dnsErrors(spec, path),
    ...nameErrors(spec, path),
    ...secondsErrors(spec, path),
    ...validateTolerations(spec.tolerations ?? [], `${path}.tolerations`),
    ...securityErrors(spec, `${path}.securityContext`),
    ...(spec.affinity === undefined ? [] : validateAffinity(spec.affinity, `${path}.affinity`)),
    ...validateTopologySpread(spec.topologySpreadConstraints ?? [], `${path}.topologySpreadConstraints`),
    ...gateErrors(spec, path),
    ...validateDnsConfig(spec, path),
    ...validateReadinessGates(spec, path),
    ...validateHostUsers(spec, path),
    ...validateHostAliases(spec, path),
    ...validateOs(spec, path),
    ...validateClaims(spec, path),
    ...(spec.containers ?? []).flatMap((container, index) =>
      validateSleep(container, spec.terminationGracePeriodSeconds ?? graceSecondsDefault, `${path}.containers[${index}]`),
    ),
  ];
}

function dnsErrors({ dnsPolicy, dnsConfig }: PodSpec, path: string): FieldError[] {
  if (dnsPolicy !== 'None' || dnsConfig?.nameservers?.length) return [];
  const field = dnsConfig === undefined ? `${path}.dnsConfig` : `${path}.dnsConfig.nameservers`;
  const why =
    dnsConfig === undefined
      ? 'must provide `dnsConfig` when `dnsPolicy` is None'
      : 'must provide at least one DNS nameserver when `dnsPolicy` is None';
  return [required(field, why)];
}

function nameErrors(spec: PodSpec, path: string): FieldError[] {
  const subdomains = ['serviceAccountName', 'nodeName', 'priorityClassName', 'runtimeClassName'] as const;
  const labels = ['hostname', 'subdomain'] as const;
  const errors = (field: string, name: string | undefined, wrong: (name: string) => string[]): FieldError[] =>
    name ? wrong(name).map((why) => invalid(`${path}.${field}`, name, why)) : [];
  return [
    ...subdomains.flatMap((field) => errors(field, spec[field], dnsSubdomainErrors)),
    ...labels.flatMap((field) => errors(field, spec[field], dnsLabelErrors)),
  ];
}

function secondsErrors({ activeDeadlineSeconds: deadline, terminationGracePeriodSeconds }: PodSpec, path: string): FieldError[] {
  const errors = validateNonnegative(terminationGracePeriodSeconds, `${path}.terminationGracePeriodSeconds`);
  if (deadline !== undefined && (deadline < 1 || deadline > secondsMax)) {
    errors.push(invalid(`${path}.activeDeadlineSeconds`, deadline, `must be between 1 and ${secondsMax}, inclusive`));
  }
  return errors;
}

function securityErrors(spec: PodSpec, path: string): FieldError[] {
  const { securityContext, hostPID, shareProcessNamespace } = spec;
  const errors =
    hostPID === true && shareProcessNamespace === true
      ? [invalid(`${path}.shareProcessNamespace`, true, 'ShareProcessNamespace and HostPID cannot both be enabled')]
      : [];
  const { fsGroup, runAsUser, runAsGroup } = securityContext ?? {};
  return [...errors, ...validateIds({ fsGroup, runAsUser, runAsGroup }, path), ...validateSysctls(spec, `${path}.sysctls`)];
}

function gateErrors({ schedulingGates = [], nodeName }: PodSpec, path: string): FieldError[] {
  const names = schedulingGates.map(({ name }) => name);
  const errors = repeatedIndexes(names).map((index) => duplicate(`${path}.schedulingGates[${index}]`, names[index]));
  if (nodeName && names.length > 0)
    errors.push(forbiddenField(`${path}.nodeName`, 'cannot be set until all schedulingGates have been cleared'));
  return errors;
}

const updatable = [
  '`spec.containers[*].image`',
  '`spec.initContainers[*].image`',
  '`spec.activeDeadlineSeconds`',
  '`spec.tolerations` (only additions to existing tolerations)',
  '`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)',
];

export function validatePodUpdate(next: Pod, current: Pod): FieldError[] {
  for (const list of ['containers', 'initContainers'] as const) {
    if ((next.spec[list]?.length ?? 0) === (current.spec[list]?.length ?? 0)) continue;
    return [forbiddenField(`spec.${list}`, 'pod updates may not add or remove containers')];
  }
  const errors = [...deadlineErrors(next.spec, current.spec), ...tolerationChangeErrors(next.spec, current.spec)];
  const kept = withoutUpdatable(next.spec, current.spec);
  if (!semanticallyEqual(kept, current.spec)) {
    const difference = unifiedDiff(internalForm('core.PodSpec', current.spec), internalForm('core.PodSpec', kept));
    errors.push(forbiddenField('spec', `pod updates may not change fields other than ${updatable.join(',')}\n${difference}`));
  }
  return errors;
}

function deadlineErrors(next: PodSpec, current: PodSpec): FieldError[] {
  const [after, before] = [next.activeDeadlineSeconds, current.activeDeadlineSeconds];
  if (before === undefined || after === before) return [];
  if (after === undefined) return [invalid('spec.activeDeadlineSeconds', null, 'must not update from a positive integer to nil value')];
  return after > before ? [invalid('spec.activeDeadlineSeconds', after, 'must be less than or equal to previous value')] : [];
}

function tolerationChangeErrors(next: PodSpec, current: PodSpec): FieldError[] {
  const timeless = (toleration: Toleration): Toleration => ({ ...toleration, tolerationSeconds: undefined });
  const after = (next.tolerations ?? []).map(timeless);
  const isKept = (current.tolerations ?? []).every((toleration) => after.some((other) => semanticallyEqual(other, timeless(toleration))));
  return isKept ? [] : [forbiddenField('spec.tolerations', 'existing toleration can not be modified except its tolerationSeconds')];
}

/** What `next` changes besides fields that may change. */
function withoutUpdatable(next: PodSpec, current: PodSpec): PodSpec {
  const allowed: PodSpec = {
    ...copy(next),
    activeDeadlineSeconds: current.activeDeadlineSeconds,
    tolerations: current.tolerations,
    schedulingGates: remainingGates(next, current),
  };
  for (const list of ['containers', 'initContainers'] as const) {
    allowed[list]?.forEach((container, index) => {
      container.image = current[list]?.[index]?.image;
    });
  }
  if ((current.terminationGracePeriodSeconds ?? 0) < 0 && next.terminationGracePeriodSeconds === 1) {
    allowed.terminationGracePeriodSeconds = current.terminationGracePeriodSeconds;
  }
  // While it waits behind a gate, nothing chose a node yet: what steers the choice may still get stricter.
  if (current.schedulingGates?.length) allowed.nodeSelector = current.nodeSelector;
  return allowed;
}

/** Gates may be taken away but not added. */
function remainingGates(next: PodSpec, current: PodSpec): PodSpec['schedulingGates'] {
  const isSubset = (next.schedulingGates ?? []).every(({ name }) => current.schedulingGates?.some((gate) => gate.name === name));
  return isSubset ? current.schedulingGates : next.schedulingGates;
}

/** Source: ValidatePodStatusUpdate. */
export function validatePodStatusUpdate({ status = {} }: Pod): FieldError[] {
  const { nominatedNodeName = '', podIPs = [] } = status;
  const errors = nominatedNodeName === '' ? [] : dnsSubdomainErrors(nominatedNodeName);
  return [
    ...errors.map((why) => invalid('status.nominatedNodeName', nominatedNodeName, why)),
    ...podIPs.flatMap(({ ip }, index) => ipErrors(ip, `status.podIPs[${index}]`)),
    ...enumErrors(builtIn('io.k8s.api.core.v1.PodStatus'), status).map((error) => ({ ...error, field: `status.${error.field}` })),
  ];
}
