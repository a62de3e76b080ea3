/** What a check of NodeRestriction knows and answers. */
import type { KubeObject, ObjectName } from '../../../kube/object.ts';
import { apiVersionOf, groupResource, type ResourceType } from '../../../kube/resource-type.ts';
import { notFound } from '../../../kube/status-error.ts';
import type { View } from '../../../kube/view.ts';
import type { AdmissionAttributes, Authorizer } from '../../ports.ts';

export interface CheckContext {
  readonly nodeName: string;
  readonly authorizer: Authorizer | undefined;
  view(): View;
  /** At least as new as the moment of the call. */
  fresh(): Promise<View>;
}

/** Why the write is refused, or ''. May throw a StatusError instead. */
export type Check = (attributes: AdmissionAttributes, context: CheckContext) => Promise<string>;

export const quote = (text: string): string => JSON.stringify(text);

export const unexpectedOperation = ({ operation }: AdmissionAttributes): string => `unexpected operation ${quote(operation)}`;

/** The object as it is now. Upstream's caches name what is missing by its kind in lower case. */
export async function existing<T extends KubeObject>(type: ResourceType<T>, at: ObjectName, context: CheckContext): Promise<T> {
  const key = { resource: groupResource(type), ...at };
  const found = context.view().get(key) ?? (await context.fresh()).get(key);
  if (found === undefined) throw notFound({ group: type.group, resource: type.kind.toLowerCase() }, at.name);
  return found.object as T;
}

/** Whether a reference is to an object of this kind. */
export const isOfKind = (type: ResourceType, { apiVersion, kind }: { readonly apiVersion?: string; readonly kind?: string }): boolean =>
  apiVersion === apiVersionOf(type) && kind === type.kind;
