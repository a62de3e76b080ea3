/**
 * Roles and bindings of every cluster, brought up to date: what a newer version needs is added to those that are there,
 * unless their owner has annotated them otherwise. Nothing is taken away.
 * Source: kubernetes, component-helpers/auth/rbac/reconciliation.
 */
import { missingRules } from '../apiserver/auth/rbac/coverage.ts';
import { deepEqual } from '../kube/equality.ts';
import type { ClusterRole, ClusterRoleBinding } from '../kube/generated/types.ts';
import type { KubeObject } from '../kube/object.ts';

const autoUpdate = 'rbac.authorization.kubernetes.io/autoupdate';

/** Kinds whose objects are brought up to date. */
export const roleKinds: ReadonlySet<string> = new Set(['ClusterRole', 'Role', 'ClusterRoleBinding', 'RoleBinding']);

/** `known` with what `wanted` has and it lacks; undefined when it lacks nothing, or is not to be changed. */
export function withDefaults(known: KubeObject, wanted: KubeObject): KubeObject | undefined {
  if (known.metadata.annotations?.[autoUpdate] === 'false') return undefined;
  return 'roleRef' in wanted
    ? withSubjects(known as ClusterRoleBinding, wanted as ClusterRoleBinding)
    : withRules(known as ClusterRole, wanted as ClusterRole);
}

function withRules(known: ClusterRole, wanted: ClusterRole): ClusterRole | undefined {
  // What an aggregated role grants is the controller's to write.
  if (wanted.aggregationRule !== undefined || deepEqual(known.rules, wanted.rules)) return undefined;
  const missing = (wanted.rules ?? []).filter((rule) => missingRules(known.rules ?? [], [rule]).length > 0);
  return missing.length === 0 ? undefined : { ...known, rules: [...(known.rules ?? []), ...missing] };
}

function withSubjects(known: ClusterRoleBinding, wanted: ClusterRoleBinding): ClusterRoleBinding | undefined {
  const held = known.subjects ?? [];
  const missing = (wanted.subjects ?? []).filter((subject) => !held.some((one) => deepEqual(one, subject)));
  return missing.length === 0 ? undefined : { ...known, subjects: [...held, ...missing] };
}
