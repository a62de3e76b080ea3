/**
 * A user grants no more than what is granted to that user: the writer of a role must hold its rules or the verb
 * `escalate`. The writer of a binding must hold the rules of its role or the verb `bind`.
 * Source: pkg/registry/rbac/{role,clusterrole,rolebinding,clusterrolebinding}/policybased/storage.go, escalation_check.go.
 */
import { deepEqual } from '../../../kube/equality.ts';
import type { ClusterRole, PolicyRule, Role, RoleBinding, RoleRef } from '../../../kube/generated/types.ts';
import type { KubeObject } from '../../../kube/object.ts';
import { clusterRoleBindings, clusterRoles, groupResource, roleBindings, roles } from '../../../kube/resource-type.ts';
import { badRequest, isNotFound, notFound } from '../../../kube/status-error.ts';
import type { AdmissionAttributes, AdmissionPlugin, Authorizer } from '../../ports.ts';
import { refuse } from '../../admission/refuse.ts';
import { mastersGroup } from '../groups.ts';
import { describeRules, missingRules, quotedList } from './coverage.ts';
import type { Policy } from './policy.ts';

export interface EscalationOptions {
  readonly authorizer: Authorizer;
  readonly policy: Pick<Policy, 'rulesOf' | 'rulesOfRole'>;
}

const rbacGroup = roles.group;
const roleResources = new Set([roles, clusterRoles].map(groupResource));
const bindingResources = new Set([roleBindings, clusterRoleBindings].map(groupResource));

/** Runs after all that change the object; it is part of RBAC, and no option turns it off. */
export function rbacEscalation({ authorizer, policy }: EscalationOptions): AdmissionPlugin {
  return {
    name: 'RBACEscalation',
    handles: ({ operation, type, subresource, user }) =>
      (operation === 'CREATE' || operation === 'UPDATE') &&
      subresource === '' &&
      type.group === rbacGroup &&
      !user.groups.includes(mastersGroup),
    async admit(attributes) {
      const { object, oldObject, type } = attributes;
      if (object === undefined || (oldObject !== undefined && onlyFreesForDeletion(object, oldObject))) return;
      const resource = groupResource(type);
      if (roleResources.has(resource)) await checkRole(attributes, object, { authorizer, policy });
      else if (bindingResources.has(resource)) await checkBinding(attributes, object as RoleBinding, { authorizer, policy });
    },
  };
}

async function checkRole(attributes: AdmissionAttributes, object: Role | ClusterRole, options: EscalationOptions): Promise<void> {
  const { type, name, user, namespace, oldObject } = attributes;
  const asked = { verb: 'escalate', isResource: true, path: '', group: type.group, version: '*', resource: type.resource, subresource: '' };
  if ((await options.authorizer.authorize(user, { ...asked, namespace, name: oldObject === undefined ? '' : name })).allowed) return;
  confirm(attributes, object.rules ?? [], options.policy);
  if (!gathersRules(object) && !gathersRules(oldObject)) return;
  if (missingRules(options.policy.rulesOf(user, namespace).rules, fullAuthority).length > 0) {
    throw refuse(attributes, 'must have cluster-admin privileges to use the aggregationRule');
  }
}

const fullAuthority: readonly PolicyRule[] = [
  { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
  { verbs: ['*'], nonResourceURLs: ['*'] },
];

const gathersRules = (object: ClusterRole | KubeObject | undefined): boolean =>
  object !== undefined && ((object as ClusterRole).aggregationRule?.clusterRoleSelectors ?? []).length > 0;

async function checkBinding(attributes: AdmissionAttributes, { roleRef }: RoleBinding, options: EscalationOptions): Promise<void> {
  if (await mayBind(attributes, roleRef, options.authorizer)) return;
  confirm(attributes, rulesOf(roleRef, attributes, options.policy), options.policy);
}

/** A role that is not there is reported as if the binding were. */
function rulesOf(roleRef: RoleRef, { type, namespace }: AdmissionAttributes, policy: EscalationOptions['policy']): readonly PolicyRule[] {
  if (roleRef.kind === roles.kind && namespace === '') throw badRequest('Namespace parameter required.');
  try {
    return policy.rulesOfRole(roleRef, namespace);
  } catch (error) {
    throw isNotFound(error) ? notFound(type, roleRef.name) : error;
  }
}

async function mayBind(
  { user, namespace }: AdmissionAttributes,
  { apiGroup, kind, name }: RoleRef,
  authorizer: Authorizer,
): Promise<boolean> {
  const type = [roles, clusterRoles].find((one) => one.kind === kind);
  if (type === undefined) return false;
  const asked = { verb: 'bind', isResource: true, path: '', group: apiGroup ?? '', version: '*', resource: type.resource, subresource: '' };
  return (await authorizer.authorize(user, { ...asked, namespace, name })).allowed;
}

function confirm(attributes: AdmissionAttributes, wanted: readonly PolicyRule[], policy: EscalationOptions['policy']): void {
  const { user, namespace } = attributes;
  const { rules, errors } = policy.rulesOf(user, namespace);
  const missing = missingRules(rules, wanted);
  if (missing.length === 0) return;
  const who = `user ${JSON.stringify(user.name)} (groups=${quotedList(user.groups)})`;
  const unresolved = errors.length === 0 ? '' : `; resolution errors: [${errors.join(' ')}]`;
  throw refuse(attributes, `${who} is attempting to grant RBAC permissions not currently held:\n${describeRules(missing)}${unresolved}`);
}

/**
 * At most owner references and finalizers differ, which the garbage collector takes off. Source:
 * pkg/registry/rbac/helpers.go.
 */
function onlyFreesForDeletion(next: KubeObject, current: KubeObject): boolean {
  const shared = (object: KubeObject): object => {
    const {
      ownerReferences: _owners,
      finalizers: _finalizers,
      managedFields: _managed,
      resourceVersion: _version,
      ...rest
    } = object.metadata;
    return { ...object, metadata: rest };
  };
  return deepEqual(shared(next), shared(current));
}
