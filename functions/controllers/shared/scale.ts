/** The scale of any object that has one, whatever its kind. */
import type { Scale } from '../../kube/generated/types.ts';
import type { ObjectName } from '../../kube/object.ts';
import type { ResourceType } from '../../kube/resource-type.ts';
import { apiVersionOf, groupResource } from '../../kube/resource-type.ts';
import { isNotFound } from '../../kube/status-error.ts';
import type { ReconcileContext } from '../../workers/controller.ts';
import type { ResourceTypes } from './resource-types.ts';

export interface KindReference {
  readonly apiVersion?: string;
  readonly kind: string;
}

/** The resource of a kind, in any version. Throws, in the words of a REST mapper, when the API does not have it. */
export function resourceOfKind({ apiVersion = '', kind }: KindReference, resourceTypes: ResourceTypes): ResourceType {
  const [version = '', group = ''] = apiVersion.split('/').reverse();
  const types = resourceTypes().filter((type) => type.kind === kind && type.group === group);
  const type = types.find((candidate) => apiVersionOf(candidate) === apiVersion) ?? types[0];
  if (type === undefined)
    throw new Error(`no matches for kind ${JSON.stringify(kind)} in version ${JSON.stringify(apiVersion || version)}`);
  return type;
}

/** undefined: there is no such object. Throws when the kind has no scale. */
export async function scaleOf(
  type: ResourceType,
  at: ObjectName,
  { client }: Pick<ReconcileContext, 'client'>,
): Promise<Scale | undefined> {
  try {
    return await client.getSubresource<Scale>(type, at, 'scale');
  } catch (error) {
    if (!isNotFound(error)) throw error;
    if (error.details?.name === at.name) return undefined;
    throw new Error(`${groupResource(type)} does not implement the scale subresource`, { cause: error });
  }
}
