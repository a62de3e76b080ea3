/** Source: pkg/apis/core/validation/events.go, legacyValidateEvent. */
import { type FieldError, invalid, required } from '../../../kube/field-error.ts';
import type { Event } from '../../../kube/generated/types.ts';
import { namespaceOf } from '../../../kube/object.ts';
import { qualifiedNameErrors } from '../../../kube/names.ts';

export function validateEvent(event: Event): FieldError[] {
  const namespace = event.involvedObject?.namespace ?? '';
  const errors: FieldError[] = [];
  if (!isInPlace(namespaceOf(event), namespace)) {
    errors.push(invalid('involvedObject.namespace', namespace, 'does not match event.namespace'));
  }
  return event.eventTime ? [...errors, ...reporterErrors(event)] : errors;
}

/** An event lives with its object; those of cluster-scoped objects live in a namespace that every cluster has. */
const isInPlace = (eventNamespace: string, objectNamespace: string): boolean =>
  objectNamespace === '' ? ['default', 'kube-system'].includes(eventNamespace) : objectNamespace === eventNamespace;

function reporterErrors({ reportingComponent, reportingInstance, action, reason }: Event): FieldError[] {
  const errors = (reportingComponent ? qualifiedNameErrors(reportingComponent) : []).map((why) =>
    invalid('reportingController', reportingComponent, why),
  );
  if (!reportingComponent) errors.push(required('reportingController'));
  if (!reportingInstance) errors.push(required('reportingInstance'));
  if (!action) errors.push(required('action'));
  if (!reason) errors.push(required('reason'));
  return errors;
}
