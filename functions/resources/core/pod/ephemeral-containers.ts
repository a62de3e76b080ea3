/**
 * `pods/ephemeralcontainers`: containers that join a running pod, to inspect it. They may be added, and nothing else.
 * Source: pkg/apis/core/validation/validation.go (validateEphemeralContainers, ValidatePodEphemeralContainersUpdate)
 */
import { semanticallyEqual } from '../../../kube/equality.ts';
import { type FieldError, forbiddenField, invalidObject } from '../../../kube/field-error.ts';
import type { EphemeralContainer, Pod } from '../../../kube/generated/types.ts';
import { type KubeObject, annotationsOf, nameOf } from '../../../kube/object.ts';
import type { ObjectSubresource } from '../../definition.ts';
import { containerRules, validateEphemeralContainers } from './container-validation.ts';
import { setPodDefaults } from '../../../kube/pod-defaults.ts';

const path = 'spec.ephemeralContainers';
const mirrorAnnotation = 'kubernetes.io/config.mirror';
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
    : [
        ...validateEphemeralContainers(next.spec, path, containerRules(next.spec)),
        ...changeErrors(next.spec.ephemeralContainers ?? [], pod),
      ];
  if (errors.length > 0) throw invalidObject({ group: '', kind: 'Pod' }, nameOf(pod), errors);
  return next;
}

export const writeEphemeralContainers: ObjectSubresource<Pod>['write'] = (pod, body: KubeObject & Partial<Pod>) => ({
  outcome: 'update',
  object: debugged(pod, body as Pod),
});
