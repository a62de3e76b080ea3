/** Who owns the fields that `kubectl apply` wrote. Pure. */
import { isJsonObject, type KubeObject } from '../../functions/kube/object.ts';

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
  const united = entries.reduce<readonly FieldsEntry[]>(withEntry, []);
  return { ...object, metadata: { ...object.metadata, annotations: kept, managedFields: [...united] } };
}

type FieldsEntry = NonNullable<KubeObject['metadata']['managedFields']>[number];

/** One manager has one entry of a version: the fields of two are one set. */
function withEntry(entries: readonly FieldsEntry[], entry: FieldsEntry): readonly FieldsEntry[] {
  const isSame = (other: FieldsEntry): boolean =>
    other.manager === entry.manager &&
    other.operation === entry.operation &&
    other.apiVersion === entry.apiVersion &&
    (other.subresource ?? '') === (entry.subresource ?? '');
  if (!entries.some(isSame)) return [...entries, entry];
  return entries.map((other) => (isSame(other) ? { ...other, fieldsV1: unitedFields(other.fieldsV1, entry.fieldsV1) } : other));
}

function unitedFields(one: unknown, other: unknown): Record<string, unknown> {
  const [a, b] = [isJsonObject(one) ? one : {}, isJsonObject(other) ? other : {}];
  const fields = [...new Set([...Object.keys(a), ...Object.keys(b)])];
  return Object.fromEntries(fields.map((field) => [field, unitedFields(a[field], b[field])]));
}

const isClientSide = ({ manager, operation, subresource = '' }: FieldsEntry): boolean =>
  manager === clientSide && operation === 'Update' && subresource === '';
