/** Source: pkg/apis/apps/validation/validation.go, ValidateStatefulSetSpec. */
import { type FieldError, forbiddenField, invalid, notSupported, required } from '../../../kube/field-error.ts';
import type { PodTemplateSpec, StatefulSet, StatefulSetSpec } from '../../../kube/generated/types.ts';
import { labelSelectorForm } from '../../../kube/go-internal.ts';
import { dnsLabelErrors } from '../../../kube/names.ts';
import { isZeroAmount, validateAmount, validateAtMostAll } from '../../amount-rules.ts';
import { claimSpecWarnings, internalForm, validateClaimSpec } from '../../core/persistentvolumeclaim/validation.ts';
import { validateNonnegative } from '../../field-rules.ts';
import { validateLabelSelector } from '../../label-selector-validation.ts';
import { validateAnnotations, validateImmutable, validateImmutableStruct, validateLabels } from '../../metadata-validation.ts';
import { validateCounts, validateNoDecrement, validateOrder } from '../../status-rules.ts';
import { isEmptySelector, selectorMismatch, selects, validatePodTemplate } from '../../workload-validation.ts';

/** `current` is what was stored before: what was wrong with its template and its claims may stay. */
export function validateStatefulSet({ spec }: StatefulSet, current?: StatefulSet): FieldError[] {
  const { serviceName = '', ordinals, persistentVolumeClaimRetentionPolicy: retention } = spec;
  const claims = current === undefined ? (spec.volumeClaimTemplates ?? []) : [];
  const isTemplateChecked = current === undefined || templateErrors(current.spec, true).length === 0;
  return [
    ...managementErrors(spec.podManagementPolicy),
    ...strategyErrors(spec),
    ...(retention === undefined ? [] : retentionErrors(retention)),
    ...claims.flatMap((claim, index) => validateClaimSpec(claim.spec, `spec.volumeClaimTemplates[${index}].spec`)),
    ...validateNonnegative(spec.replicas, 'spec.replicas'),
    ...validateNonnegative(spec.minReadySeconds, 'spec.minReadySeconds'),
    ...validateNonnegative(ordinals?.start, 'spec.ordinals.start'),
    ...(current === undefined && serviceName !== ''
      ? dnsLabelErrors(serviceName).map((why) => invalid('spec.serviceName', serviceName, why))
      : []),
    ...selectorErrors(spec),
    ...templateErrors(spec, isTemplateChecked),
  ];
}

function managementErrors(policy = ''): FieldError[] {
  if (policy === '') return [required('spec.podManagementPolicy')];
  return ['OrderedReady', 'Parallel'].includes(policy)
    ? []
    : [invalid('spec.podManagementPolicy', policy, "must be 'OrderedReady' or 'Parallel'")];
}

function strategyErrors({ updateStrategy = {} }: StatefulSetSpec): FieldError[] {
  const { type = '', rollingUpdate } = updateStrategy;
  const path = 'spec.updateStrategy';
  const form =
    rollingUpdate === undefined ? null : { Partition: rollingUpdate.partition ?? 0, MaxUnavailable: rollingUpdate.maxUnavailable ?? null };
  if (type === '') return [required(path)];
  if (type === 'OnDelete')
    return form === null ? [] : [invalid(`${path}.rollingUpdate`, form, "only allowed for updateStrategy 'RollingUpdate'")];
  if (type !== 'RollingUpdate') return [invalid(path, { Type: type, RollingUpdate: form }, "must be 'RollingUpdate' or 'OnDelete'")];
  const { partition, maxUnavailable } = rollingUpdate ?? {};
  const errors = validateNonnegative(partition, `${path}.rollingUpdate.partition`);
  if (maxUnavailable === undefined) return errors;
  const field = `${path}.rollingUpdate.maxUnavailable`;
  return [
    ...errors,
    ...validateAmount(maxUnavailable, field),
    ...(isZeroAmount(maxUnavailable) ? [invalid(field, maxUnavailable, 'cannot be 0')] : []),
    ...validateAtMostAll(maxUnavailable, field),
  ];
}

const retentionErrors = (retention: NonNullable<StatefulSetSpec['persistentVolumeClaimRetentionPolicy']>): FieldError[] =>
  (['whenDeleted', 'whenScaled'] as const).flatMap((field) => {
    const policy = retention[field] ?? '';
    const isKnown = policy === 'Retain' || policy === 'Delete';
    return isKnown ? [] : [notSupported(`spec.persistentVolumeClaimRetentionPolicy.${field}`, policy, ['Retain', 'Delete'])];
  });

function selectorErrors({ selector }: StatefulSetSpec): FieldError[] {
  if (!selector) return [required('spec.selector')];
  const errors = validateLabelSelector(selector, 'spec.selector');
  return isEmptySelector(selector)
    ? [...errors, invalid('spec.selector', labelSelectorForm(selector), 'empty selector is invalid for statefulset')]
    : errors;
}

function templateErrors(spec: StatefulSetSpec, isChecked: boolean): FieldError[] {
  const path = 'spec.template';
  const { template } = spec;
  const selector = spec.selector ?? undefined;
  const { labels, annotations } = template.metadata ?? {};
  const errors: FieldError[] = [];
  const isSelected = selects(selector, labels);
  if (isSelected === undefined) errors.push(invalid('spec.selector', labelSelectorForm(selector), ''));
  else {
    const isEmpty = selector !== undefined && isEmptySelector(selector);
    if (!isEmpty && !isSelected) errors.push(selectorMismatch(labels));
    if (isChecked) errors.push(...validatePodTemplate(withClaims(spec), path));
    errors.push(...validateLabels(labels, `${path}.labels`), ...validateAnnotations(annotations, `${path}.annotations`));
  }
  const { restartPolicy = '', activeDeadlineSeconds } = template.spec;
  if (restartPolicy !== 'Always') errors.push(notSupported(`${path}.spec.restartPolicy`, restartPolicy, ['Always']));
  if (activeDeadlineSeconds !== undefined) {
    errors.push(forbiddenField(`${path}.spec.activeDeadlineSeconds`, 'activeDeadlineSeconds in StatefulSet is not Supported'));
  }
  return errors;
}

/** The template with the volumes that the claims become, and without the names that the controller gives. */
function withClaims({ template, volumeClaimTemplates = [] }: StatefulSetSpec): PodTemplateSpec {
  const { subdomain: _subdomain, hostname: _hostname, volumes = [], ...rest } = template.spec;
  const claims = new Map(
    volumeClaimTemplates.map(({ metadata: { name = '' } }) => [name, { name, persistentVolumeClaim: { claimName: name } }]),
  );
  const all = [...claims.values(), ...volumes.filter(({ name }) => !claims.has(name))];
  return { ...template, spec: all.length === 0 ? rest : { ...rest, volumes: all } };
}

const immutable = ['serviceName', 'podManagementPolicy'] as const;

export const validateStatefulSetUpdate = ({ spec }: StatefulSet, { spec: before }: StatefulSet): FieldError[] => [
  ...validateImmutableStruct(spec.selector, before.selector, { field: 'spec.selector', type: '*=LabelSelector' }),
  ...validateImmutable(claimForms(spec), claimForms(before), 'spec.volumeClaimTemplates'),
  ...immutable.flatMap((field) => validateImmutable(spec[field], before[field], `spec.${field}`)),
];

/** The templates as Go prints its own type. */
const claimForms = ({ volumeClaimTemplates }: StatefulSetSpec): object[] | null =>
  volumeClaimTemplates?.map(({ metadata, spec, status }) => ({
    ...metadata,
    Spec: internalForm(spec),
    Status: {
      Phase: status?.phase ?? '',
      AccessModes: status?.accessModes ?? null,
      Capacity: status?.capacity ?? null,
      Conditions: status?.conditions ?? null,
      AllocatedResources: status?.allocatedResources ?? null,
      AllocatedResourceStatuses: status?.allocatedResourceStatuses ?? null,
      CurrentVolumeAttributesClassName: status?.currentVolumeAttributesClassName ?? null,
      ModifyVolumeStatus: status?.modifyVolumeStatus ?? null,
      HealthStatus: null,
    },
  })) ?? null;

const counts = [
  'replicas',
  'readyReplicas',
  'currentReplicas',
  'updatedReplicas',
  'availableReplicas',
  'observedGeneration',
  'collisionCount',
] as const;
const order = [
  ['readyReplicas', 'replicas'],
  ['currentReplicas', 'replicas'],
  ['updatedReplicas', 'replicas'],
  ['availableReplicas', 'replicas'],
  ['availableReplicas', 'readyReplicas'],
] as const;

export const validateStatefulSetStatusUpdate = ({ status }: StatefulSet, current: StatefulSet): FieldError[] => [
  ...validateCounts(status, counts),
  ...validateOrder(status, order),
  ...validateNoDecrement(status, current.status, 'collisionCount'),
];

export function statefulSetWarnings({ spec }: StatefulSet, current?: StatefulSet): string[] {
  const claims = (spec.volumeClaimTemplates ?? []).flatMap((claim, index) => {
    const path = `spec.volumeClaimTemplates[${index}]`;
    return claimSpecWarnings(claim.spec, current === undefined ? path : `${path}.Spec`);
  });
  if ((spec.revisionHistoryLimit ?? 0) >= 0) return claims;
  return [...claims, 'spec.revisionHistoryLimit: a negative value retains all historical revisions; a value >= 0 is recommended'];
}
