/** How a plugin refuses. Source: apiserver, pkg/admission/errors.go. */
import { groupResource } from '../../kube/resource-type.ts';
import type { ResourceType } from '../../kube/resource-type.ts';
import { forbidden } from '../../kube/status-error.ts';
import type { StatusError } from '../../kube/status-error.ts';
import type { AdmissionAttributes } from '../ports.ts';

/** The message shows `generateName` where the name is yet to be generated. */
export function refuse({ type, name, object }: AdmissionAttributes, why: string): StatusError {
  return forbidden(type, name === '' ? (object?.metadata.name ?? object?.metadata.generateName ?? '') : name, why);
}

type Place = Pick<AdmissionAttributes, 'type' | 'subresource'>;

/** Whether the attributes are of this resource itself, or of the named subresource of it. */
export const isOf = (attributes: Place, type: ResourceType, subresource = ''): boolean =>
  groupResource(attributes.type) === groupResource(type) && attributes.subresource === subresource;
