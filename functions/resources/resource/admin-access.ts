/**
 * Devices that others use are for administrators: their namespaces have a label. Decided where the claim is committed.
 * Source: pkg/registry/resource/utils.go, AuthorizedForAdmin and AuthorizedForAdminStatus.
 */
import { type FieldError, forbiddenField } from '../../kube/field-error.ts';
import type { DeviceRequest, ResourceClaimTemplate, ResourceResourceClaim as ResourceClaim } from '../../kube/generated/types.ts';
import { labelsOf } from '../../kube/object.ts';
import { groupResource, namespaces } from '../../kube/resource-type.ts';
import type { View } from '../../kube/view.ts';
import type { CommitRule } from '../definition.ts';

const label = 'resource.kubernetes.io/admin-access';

/** `index` is that of the first request or result with such access; -1 where there is none. */
function accessErrors(view: View, namespace: string, [list, index]: readonly [list: string, index: number]): FieldError[] {
  const found = index < 0 ? undefined : view.get({ resource: groupResource(namespaces), namespace: '', name: namespace });
  if (index < 0 || (found !== undefined && labelsOf(found.object)[label] === 'true')) return [];
  const why = `admin access to devices requires the \`${label}: true\` label on the containing namespace`;
  return [forbiddenField(`${list}[${index}].adminAccess`, why)];
}

/** A template's requests have the same path as those of a claim. An empty list of requests is stored as null. */
const requestErrors = (view: View, namespace: string, requests: readonly DeviceRequest[] | undefined): FieldError[] =>
  accessErrors(view, namespace, ['spec.devices.requests', (requests ?? []).findIndex(({ exactly }) => exactly?.adminAccess === true)]);

const firstGranted = ({ status }: ResourceClaim): number =>
  (status?.allocation?.devices?.results ?? []).findIndex(({ adminAccess }) => adminAccess === true);

export const adminAccessOfClaim: CommitRule<ResourceClaim> = {
  apply({ operation, subresource, key, next, current }, view) {
    if (operation === 'create') return { errors: requestErrors(view, key.namespace, next.spec?.devices?.requests) };
    // The spec cannot change, and what was granted stays so.
    if (subresource !== 'status' || (current !== undefined && firstGranted(current) >= 0)) return {};
    return { errors: accessErrors(view, key.namespace, ['status.allocation.devices.results', firstGranted(next)]) };
  },
};

export const adminAccessOfTemplate: CommitRule<ResourceClaimTemplate> = {
  operations: ['create'],
  apply: ({ key, next }, view) => ({ errors: requestErrors(view, key.namespace, next.spec?.spec?.devices?.requests) }),
};
