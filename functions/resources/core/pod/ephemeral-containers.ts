/**
 * `pods/ephemeralcontainers`: containers that join a pod that runs, to look at it. They may be added, and nothing else.
 * Source: pkg/apis/core/validation/validation.go (validateEphemeralContainers, ValidatePodEphemeralContainersUpdate)
 */
import { semanticallyEqual } from '../../../kube/equality.ts';
import { type FieldError, duplicate, fieldNotFound, forbiddenField, invalidObject } from '../../../kube/field-error.ts';
import type { EphemeralContainer, Pod, PodSpec } from '../../../kube/generated/types.ts';
import { type KubeObject, annotationsOf, nameOf } from '../../../kube/object.ts';
import type { ObjectSubresource } from '../../definition.ts';
import { validateContainer } from './container-validation.ts';
import { setPodDefaults } from './defaults.ts';

const path = 'spec.ephemeralContainers';
const mirrorAnnotation = 'kubernetes.io/config.mirror';
const notForThem = 'cannot be set for an Ephemeral Container';

/** What would keep a pod from being what it is: its resources, its ports, its health. */
const forbidden = [
  'ports',
  'resources',
  'lifecycle',
  'livenessProbe',
  'readinessProbe',
  'startupProbe',
  'resizePolicy',
  'restartPolicy',
] as const;

const isSet = (value: unknown): boolean => value !== undefined && !(typeof value === 'object' && Object.keys(value ?? {}).length === 0);

function oneErrors(container: EphemeralContainer, field: string, spec: PodSpec): FieldError[] {
  const rules = { volumeNames: new Set((spec.volumes ?? []).map(({ name }) => name)), hostNetwork: spec.hostNetwork === true };
  const names = [...spec.containers, ...(spec.initContainers ?? [])].map(({ name }) => name);
  const target = container.targetContainerName;
  return [
    ...validateContainer(container, field, rules),
    ...(target !== undefined && target !== '' && !names.includes(target) ? [fieldNotFound(`${field}.targetContainerName`, target)] : []),
    ...forbidden.filter((name) => isSet(container[name])).map((name) => forbiddenField(`${field}.${name}`, notForThem)),
    ...(container.volumeMounts ?? []).flatMap((mount, index) =>
      (['subPath', 'subPathExpr'] as const)
        .filter((name) => mount[name])
        .map((name) => forbiddenField(`${field}.volumeMounts[${index}].${name}`, notForThem)),
    ),
  ];
}

export function validateEphemeralContainers(spec: PodSpec): FieldError[] {
  const taken = new Set([...spec.containers, ...(spec.initContainers ?? [])].map(({ name }) => name));
  return (spec.ephemeralContainers ?? []).flatMap((container, index) => {
    const field = `${path}[${index}]`;
    const repeated = taken.has(container.name) ? [duplicate(`${field}.name`, container.name)] : [];
    taken.add(container.name);
    return [...oneErrors(container, field, spec), ...repeated];
  });
}

function changeErrors(next: readonly EphemeralContainer[], pod: Pod): FieldError[] {
  // The line ends are upstream's.
  return (pod.spec.ephemeralContainers ?? []).flatMap((before) => {
    const after = next.find(({ name }) => name === before.name);
    const existing = `existing ephemeral containers ${JSON.stringify(before.name)} may not be`;
    if (after === undefined) return [forbiddenField(path, `${existing} removed\n`)];
    return semanticallyEqual(after, before) ? [] : [forbiddenField(path, `${existing} changed\n`)];
  });
}

function debugged(pod: Pod, wanted: Pod): Pod {
  const next: Pod = { ...pod, spec: { ...pod.spec, ephemeralContainers: wanted.spec?.ephemeralContainers ?? [] } };
  setPodDefaults(next);
  const isMirror = annotationsOf(pod)[mirrorAnnotation] !== undefined;
  const errors = isMirror
    ? [forbiddenField('', 'static pods do not support ephemeral containers')]
    : [...validateEphemeralContainers(next.spec), ...changeErrors(next.spec.ephemeralContainers ?? [], pod)];
  if (errors.length > 0) throw invalidObject({ group: '', kind: 'Pod' }, nameOf(pod), errors);
  return next;
}

export const writeEphemeralContainers: ObjectSubresource<Pod>['write'] = (pod, body: KubeObject & Partial<Pod>) => ({
  outcome: 'update',
  object: debugged(pod, body as Pod),
});
