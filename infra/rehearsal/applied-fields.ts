/** Who owns the fields that `kubectl apply` wrote. Pure. */
import type { KubeObject } from '../../functions/kube/object.ts';

const clientSide = 'kubectl-client-side-apply';
const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration';

/**
 * Fields of a client-side apply become those of a server-side one, as when kubectl migrates an object: an apply that leaves
 * one out then removes it. Source: client-go, util/csaupgrade/upgrade.go.
 */
export function adopted(object: KubeObject): KubeObject {
  const { managedFields, annotations } = object.metadata;
  if (managedFields?.some(isClientSide) !== true) return object;
  const { [lastApplied]: _last, ...kept } = annotations ?? {};
  const entries = managedFields.map((entry) => (isClientSide(entry) ? { ...entry, manager: 'kubectl', operation: 'Apply' } : entry));
  return { ...object, metadata: { ...object.metadata, annotations: kept, managedFields: entries } };
}

type FieldsEntry = NonNullable<KubeObject['metadata']['managedFields']>[number];

const isClientSide = ({ manager, operation, subresource = '' }: FieldsEntry): boolean =>
  manager === clientSide && operation === 'Update' && subresource === '';
