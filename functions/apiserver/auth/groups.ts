/** Names of users and groups that the field knows. Source: apiserver, pkg/authentication/user/user.go and serviceaccount/util.go. */
import type { User } from '../ports.ts';

export const mastersGroup = 'system:masters';
export const nodesGroup = 'system:nodes';
export const authenticatedGroup = 'system:authenticated';
export const unauthenticatedGroup = 'system:unauthenticated';
const serviceAccountsGroup = 'system:serviceaccounts';
export const bootstrappersGroup = 'system:bootstrappers';
/** What a user was recognised by, among the `extra` of the user. */
export const credentialIdKey = 'authentication.kubernetes.io/credential-id';
export const anonymousName = 'system:anonymous';

/** Who shows no credentials. The chain decides what little they may see. */
export const anonymous: User = { name: anonymousName, groups: [unauthenticatedGroup] };

const nodeNamePrefix = 'system:node:';
const serviceAccountPrefix = 'system:serviceaccount:';

export const nodeUserName = (nodeName: string): string => nodeNamePrefix + nodeName;
export const serviceAccountUserName = (namespace: string, name: string): string => `${serviceAccountPrefix}${namespace}:${name}`;
export const serviceAccountGroups = (namespace: string): string[] => [serviceAccountsGroup, `${serviceAccountsGroup}:${namespace}`];

export function splitServiceAccountName(userName: string): { readonly namespace: string; readonly name: string } | undefined {
  if (!userName.startsWith(serviceAccountPrefix)) return undefined;
  const parts = userName.slice(serviceAccountPrefix.length).split(':');
  const [namespace = '', name = ''] = parts;
  return parts.length === 2 && namespace !== '' && name !== '' ? { namespace, name } : undefined;
}

/** The node that a user is; undefined for all other users. The group counts as well as the name. */
export function nodeOf(user: User): string | undefined {
  return user.name.startsWith(nodeNamePrefix) && user.groups.includes(nodesGroup) ? user.name.slice(nodeNamePrefix.length) : undefined;
}

export function withAuthenticatedGroup(user: User): User {
  const known = user.groups.some((group) => group === authenticatedGroup || group === unauthenticatedGroup);
  return known ? user : { ...user, groups: [...user.groups, authenticatedGroup] };
}
