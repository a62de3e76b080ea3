/** What the reviews of this room have in common: posted, answered, stored nowhere. */
import type { UserInfo } from '../../kube/generated/types.ts';
import type { KubeObject } from '../../kube/object.ts';
import { resourceType } from '../../kube/resource-type.ts';
import { builtIn } from '../../kube/schema.ts';
import type { User, VirtualResource, VirtualResourceContext } from '../ports.ts';

export interface Review<T extends KubeObject> {
  readonly group: 'authentication.k8s.io' | 'authorization.k8s.io';
  readonly kind: string;
  readonly namespaced?: boolean;
  /** What the answer shows of the review as posted; all of it when left out. */
  shown?(review: T): Partial<T>;
  /** The rest of the answer. */
  status(review: T, context: VirtualResourceContext): Promise<NonNullable<T['status']>>;
}

export function virtualResource<T extends KubeObject>({ group, kind, namespaced = false, shown, status }: Review<T>): VirtualResource {
  const singular = kind.toLowerCase();
  return {
    type: resourceType(`${group}/v1`, `${singular}s`, kind, namespaced ? 'Namespaced' : 'Cluster'),
    schema: builtIn(`io.k8s.api.${group.slice(0, group.indexOf('.'))}.v1.${kind}`),
    singular,
    verbs: ['create'],
    create: async (object, context) => ({ ...object, ...shown?.(object as T), status: await status(object as T, context) }),
  };
}

/** A user as the reviews print it. */
export const userInfo = ({ name, uid, groups, extra }: User): UserInfo => ({
  ...(name === '' ? {} : { username: name }),
  ...(uid === undefined ? {} : { uid }),
  groups: [...groups],
  ...(extra === undefined ? {} : { extra: Object.fromEntries(Object.entries(extra).map(([key, values]) => [key, [...values]])) }),
});
