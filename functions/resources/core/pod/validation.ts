/** Source: pkg/apis/core/validation/validation.go, ValidatePodSpec and ValidatePodUpdate. */
import { copy } from '../../../kube/copy.ts';
import { semanticallyEqual } from '../../../kube/equality.ts';
import { type FieldError, forbiddenField, invalid } from '../../../kube/field-error.ts';
import { internalForm } from '../../../kube/go-internal.ts';
import type { Pod, PodSpec, Toleration } from '../../../kube/generated/types.ts';
import { dnsLabelErrors, dnsSubdomainErrors } from '../../../kube/names.ts';
import { unifiedDiff } from '../../../kube/unified-diff.ts';
import { builtIn, enumErrors } from '../../../kube/schema.ts';
import { validateOneOf } from '../../field-rules.ts';
import { validateLabels } from '../../metadata-validation.ts';
import { validateAnnotatedProfiles, validateProfileAnnotations } from './annotated-profiles.ts';
import { validateAffinity, validateTopologySpread } from './affinity-validation.ts';
import {
  containerRules,
  paddedImageErrors,
  validateContainers,
  validateEphemeralContainers,
  validateInitContainers,
} from './container-validation.ts';
import { gateErrors, gatedChangeErrors, keepGated } from './gated-changes.ts';
import { validatePodResources } from './pod-resource-validation.ts';
import { validateResources } from './resource-validation.ts';
import { validateOs, validatePodSecurityContext } from './security-validation.ts';
import {
  validateClaims,
  validateDnsConfig,
  validateFileKeyVolumes,
  validateHostAliases,
  validateHostname,
  validateHostNetwork,
  validateHostUsers,
  validateReadinessGates,
  validateSchedulingGates,
  validateSchedulingGroup,
} from './spec-rules.ts';
import { validateTolerations } from './toleration-validation.ts';
import { validateVolumes } from './volume-validation.ts';
import { validateHostProcesses } from './windows-validation.ts';

const restartPolicies = ['Always', 'OnFailure', 'Never'];
const dnsPolicies = ['ClusterFirstWithHostNet', 'ClusterFirst', 'Default', 'None'];
const secondsMax = 2 ** 31 - 1;

export function validatePod(pod: Pod, current?: Pod): FieldError[] {
  const { spec } = pod;
  const errors = [
    ...validateProfileAnnotations(pod, 'metadata.annotations'),
    ...validatePodSpec(spec, 'spec', { isTemplate: false }),
    ...tokenErrors(spec),
    ...(['containers', 'initContainers'] as const).flatMap((list) =>
      (spec[list] ?? []).flatMap((container, index) => paddedImageErrors(container, `spec.${list}[${index}]`)),
    ),
  ];
  if (current !== undefined) return errors;
  if ((spec.ephemeralContainers ?? []).length > 0) errors.push(forbiddenField('spec.ephemeralContainers', 'cannot be set on create'));
  if (spec.nodeName && (spec.schedulingGates ?? []).length > 0) {
    errors.push(forbiddenField('spec.nodeName', 'cannot be set until all schedulingGates have been cleared'));
  }
  return [...errors, ...validateAnnotatedProfiles(pod, 'spec')];
}

/** A token is that of the account, which the admission of new pods names. */
function tokenErrors({ serviceAccountName, volumes = [] }: PodSpec): FieldError[] {
  if (serviceAccountName) return [];
  return volumes.flatMap(({ projected }, volume) =>
    (projected?.sources ?? []).flatMap(({ serviceAccountToken }, source) =>
      serviceAccountToken === undefined
        ? []
        : [
            forbiddenField(
              `spec.volumes[${volume}].projected.sources[${source}].serviceAccountToken`,
              'must not be specified when serviceAccountName is not set',
            ),
          ],
    ),
  );
}

/** Also of the pods that templates describe, in upstream's order. */
export function validatePodSpec(spec: PodSpec, path: string, { isTemplate } = { isTemplate: true }): FieldError[] {
  const errors = [...placeErrors(spec, path), ...runErrors(spec, path, isTemplate), ...nameErrors(spec, path)];
  const known = new Set(errors.map(({ field }) => field));
  // Volumes that no rule covers may still have a value that the API does not know.
  const others = enumErrors(builtIn('io.k8s.api.core.v1.PodSpec'), { volumes: spec.volumes ?? [] }).map((error) => ({
    ...error,
    field: `${path}.${error.field}`,
  }));
  return [...errors, ...others.filter(({ field }) => !known.has(field))];
}

/** Errors of the pod's volumes, devices and containers. */
function placeErrors(spec: PodSpec, path: string): FieldError[] {
  const volumes = validateVolumes(spec.volumes ?? [], `${path}.volumes`);
  const rules = containerRules(spec, volumes.valid);
  return [
    ...volumes.errors,
    ...validateClaims(spec, path),
    ...validateContainers(spec.containers, `${path}.containers`, rules),
    ...validateInitContainers(spec, `${path}.initContainers`, rules),
    ...validateEphemeralContainers(spec, `${path}.ephemeralContainers`, rules),
    ...validatePodResources(spec, `${path}.resources`),
  ];
}

/** Errors of how and where the pod runs. */
function runErrors(spec: PodSpec, path: string, isTemplate: boolean): FieldError[] {
  const { hostPID, shareProcessNamespace } = spec;
  return [
    ...validateHostNetwork(spec, path, isTemplate),
    ...validateOneOf(spec.restartPolicy, restartPolicies, `${path}.restartPolicy`),
    ...validateOneOf(spec.dnsPolicy, dnsPolicies, `${path}.dnsPolicy`),
    ...validateLabels(spec.nodeSelector, `${path}.nodeSelector`),
    ...validatePodSecurityContext(spec, `${path}.securityContext`),
    ...(hostPID === true && shareProcessNamespace === true
      ? [invalid(`${path}.shareProcessNamespace`, true, 'ShareProcessNamespace and HostPID cannot both be enabled')]
      : []),
    ...(spec.affinity === undefined ? [] : validateAffinity(spec.affinity, `${path}.affinity`)),
    ...validateDnsConfig(spec, path),
    ...validateReadinessGates(spec, path),
    ...validateSchedulingGates(spec, path),
    ...validateTopologySpread(spec.topologySpreadConstraints ?? [], `${path}.topologySpreadConstraints`),
    ...validateHostProcesses(spec, path),
    ...validateHostUsers(spec, path),
    ...validateHostname(spec, path),
  ];
}

function nameErrors(spec: PodSpec, path: string): FieldError[] {
  type Name = 'serviceAccountName' | 'nodeName' | 'priorityClassName' | 'runtimeClassName' | 'hostname' | 'subdomain';
  const named = (field: Name, wrong: (name: string) => string[]): FieldError[] => {
    const name = spec[field];
    const isChecked = field === 'runtimeClassName' ? name !== undefined : Boolean(name);
    return isChecked ? wrong(name ?? '').map((why) => invalid(`${path}.${field}`, name, why)) : [];
  };
  const { activeDeadlineSeconds: deadline, preemptionPolicy, overhead } = spec;
  return [
    ...named('serviceAccountName', dnsSubdomainErrors),
    ...named('nodeName', dnsSubdomainErrors),
    ...(deadline !== undefined && (deadline < 1 || deadline > secondsMax)
      ? [invalid(`${path}.activeDeadlineSeconds`, deadline, `must be between 1 and ${secondsMax}, inclusive`)]
      : []),
    ...named('hostname', dnsLabelErrors),
    ...named('subdomain', dnsLabelErrors),
    ...validateTolerations(spec.tolerations ?? [], `${path}.tolerations`),
    ...validateHostAliases(spec, path),
    ...named('priorityClassName', dnsSubdomainErrors),
    ...named('runtimeClassName', dnsSubdomainErrors),
    ...(preemptionPolicy === undefined
      ? []
      : validateOneOf(preemptionPolicy, ['PreemptLowerPriority', 'Never'], `${path}.preemptionPolicy`)),
    ...(overhead === undefined ? [] : validateResources({ limits: overhead }, `${path}.overhead`, { claimNames: [] })),
    ...validateOs(spec, path),
    ...validateSchedulingGroup(spec, path),
    ...validateFileKeyVolumes(spec, path),
  ];
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
  const errors = [
    ...deadlineErrors(next.spec, current.spec),
    ...tolerationChangeErrors(next.spec, current.spec),
    ...gateErrors(next.spec, current.spec),
    ...gatedChangeErrors(next.spec, current.spec),
  ];
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
  };
  keepGated(allowed, current);
  for (const list of ['containers', 'initContainers'] as const) {
    allowed[list]?.forEach((container, index) => {
      container.image = current[list]?.[index]?.image;
    });
  }
  if ((current.terminationGracePeriodSeconds ?? 0) < 0 && next.terminationGracePeriodSeconds === 1) {
    allowed.terminationGracePeriodSeconds = current.terminationGracePeriodSeconds;
  }
  return allowed;
}
