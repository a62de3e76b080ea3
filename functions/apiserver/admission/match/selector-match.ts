/** Selectors of namespaces and objects. Source: apiserver, pkg/admission/plugin/webhook/predicates/{namespace,object}/matcher.go */
import type { LabelSelector } from '../../../kube/generated/types.ts';
import { matchesLabels, requirementsOf } from '../../../kube/labels.ts';
import { groupResource, namespaces } from '../../../kube/resource-type.ts';
import { notFound } from '../../../kube/status-error.ts';
import type { View } from '../../../kube/view.ts';
import type { AdmissionAttributes } from '../../ports.ts';
import { namespaceKey } from '../namespace-lifecycle.ts';

const isNamespace = ({ type }: AdmissionAttributes): boolean => groupResource(type) === groupResource(namespaces);

/** Throws 404 when the namespace does not exist. */
export function namespaceMatches(selector: LabelSelector | undefined, attributes: AdmissionAttributes, view: View): boolean {
  const name = isNamespace(attributes) ? attributes.name : attributes.namespace;
  if (name === '' && !isNamespace(attributes)) return true;
  const requirements = requirementsOf(selector ?? {});
  if (requirements.length === 0) return true;
  const { operation, subresource, object } = attributes;
  if (isNamespace(attributes) && subresource === '' && (operation === 'CREATE' || operation === 'UPDATE')) {
    return matchesLabels(requirements, object?.metadata.labels);
  }
  const found = view.get(namespaceKey(name));
  if (found === undefined) throw notFound(namespaces, name);
  return matchesLabels(requirements, found.object.metadata.labels);
}

export function objectMatches(selector: LabelSelector | undefined, { object, oldObject }: AdmissionAttributes): boolean {
  const requirements = requirementsOf(selector ?? {});
  if (requirements.length === 0) return true;
  return [object, oldObject].some((one) => one !== undefined && matchesLabels(requirements, one.metadata?.labels));
}
