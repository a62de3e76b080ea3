/**
 * The quotas of a namespace, exact however many write at once: the objects themselves are counted at the commit point.
 * The same commit writes what is used to the quota.
 * Source: apiserver, pkg/admission/plugin/resourcequota; pkg/quota/v1/evaluator/core/pods.go, Constraints.
 */
import { copy } from '../../kube/copy.ts';
import { deepEqual } from '../../kube/equality.ts';
import type { Container, Pod, ResourceQuota } from '../../kube/generated/types.ts';
import { type KubeObject, nameOf } from '../../kube/object.ts';
import { formatQuantity, parseQuantity } from '../../kube/quantity.ts';
import { groupResource, resourceQuotas } from '../../kube/resource-type.ts';
import { forbidden } from '../../kube/status-error.ts';
import type { Key, Stored, View } from '../../kube/view.ts';
import { isCounted } from '../../resources/core/resourcequota/scopes.ts';
import { countedResource, type Usage, usageOf } from '../../resources/core/resourcequota/usage.ts';
import type { CommitChange, CompanionWrite } from '../../resources/definition.ts';
import type { AdmissionPlugin } from '../ports.ts';

const quotaResource = groupResource(resourceQuotas);
const none: Usage = new Map();

export const resourceQuota: AdmissionPlugin = {
  name: 'ResourceQuota',
  handles: ({ type, subresource }) => type.namespaced && (subresource === '' || subresource === 'resize'),
  commit: {
    operations: ['create', 'update', 'delete'],
    apply(change, view) {
      const { key } = change;
      if (key.resource === quotaResource && change.operation !== 'create') return {};
      const quotas = view.list(quotaResource, key.namespace) as readonly Stored<ResourceQuota>[];
      return { writes: quotas.flatMap((quota) => charged(quota, change, view)) };
    },
  },
};

/** The object's usage as the quota counts it; an object that is removed at once counts no more. */
function counted(quota: ResourceQuota, { resource }: Key, object: KubeObject | undefined): Usage {
  return object === undefined || !isCounted(quota, resource, object) ? none : usageOf(resource, object);
}

const isGone = ({ operation, next }: CommitChange): boolean =>
  operation === 'delete' && (next.metadata.finalizers ?? []).length === 0 && (next.metadata.deletionGracePeriodSeconds ?? 0) === 0;

function charged({ key: quotaKey, object: quota }: Stored<ResourceQuota>, change: CommitChange, view: View): CompanionWrite[] {
  const { key, next, current, operation } = change;
  const hard = quota.spec.hard ?? {};
  if (operation === 'create') checkSpecified(quota, key, next);
  const after = isGone(change) ? none : counted(quota, key, next);
  const before = counted(quota, key, current);
  const names = Object.keys(hard).filter((name) => countedResource(name) === key.resource && (after.has(name) || before.has(name)));
  if (names.length === 0) return [];
  const others = view.list(key.resource, key.namespace).filter((stored) => stored.key.name !== key.name);
  const usedBy = (name: string, usage: Usage): bigint =>
    others.reduce((sum, { object }) => sum + (counted(quota, key, object).get(name) ?? 0n), usage.get(name) ?? 0n);
  if (operation !== 'delete') checkQuota(quota, change, { before, after, names, usedBy });
  const used = { ...quota.status?.used, ...Object.fromEntries(names.map((name) => [name, textOf(usedBy(name, after), hard[name])])) };
  const status = { hard: { ...hard }, used };
  if (deepEqual(status, quota.status)) return [];
  return [{ type: 'update', key: quotaKey, object: { ...copy(quota), status } }];
}

const typeOf = ({ resource }: Key): { group: string; resource: string } => {
  const [name = '', ...group] = resource.split('.');
  return { group: group.join('.'), resource: name };
};

/** A quota of CPU or memory takes only pods whose containers request an amount. */
function checkSpecified(quota: ResourceQuota, key: Key, object: KubeObject): void {
  if (key.resource !== 'pods' || !isCounted(quota, key.resource, object)) return;
  const missing = missingText(object as Pod, Object.keys(quota.spec.hard ?? {}));
  if (missing !== '') throw forbidden(typeOf(key), key.name, `failed quota: ${nameOf(quota)}: must specify ${missing}`);
}

interface Counts {
  readonly before: Usage;
  readonly after: Usage;
  readonly names: readonly string[];
  usedBy(name: string, usage: Usage): bigint;
}

function checkQuota(quota: ResourceQuota, { key }: CommitChange, { before, after, names, usedBy }: Counts): void {
  const hard = quota.spec.hard ?? {};
  const more = (name: string): bigint => (after.get(name) ?? 0n) - (before.get(name) ?? 0n);
  const exceeded = names.filter((name) => more(name) > 0n && usedBy(name, after) > parseQuantity(hard[name] ?? '0')).toSorted();
  if (exceeded.length === 0) return;
  const list = (amountOf: (name: string) => bigint): string =>
    exceeded.map((name) => `${name}=${textOf(amountOf(name), hard[name])}`).join(',');
  const requested = list(more);
  const used = list((name) => usedBy(name, before));
  const limited = exceeded.map((name) => `${name}=${hard[name]}`).join(',');
  throw forbidden(typeOf(key), key.name, `exceeded quota: ${nameOf(quota)}, requested: ${requested}, used: ${used}, limited: ${limited}`);
}

/** In the format of the quota's own number. */
const textOf = (nano: bigint, like: string | undefined): string =>
  formatQuantity(nano, like?.endsWith('i') === true ? 'BinarySI' : 'DecimalSI');

const mustBeSet = ['cpu', 'limits.cpu', 'limits.memory', 'memory', 'requests.cpu', 'requests.memory'];

/** `limits.cpu for: a,b; requests.cpu for: a`. */
function missingText({ spec }: Pod, hard: readonly string[]): string {
  if (spec.resources !== undefined) return '';
  const containers: readonly Container[] = [...spec.containers, ...(spec.initContainers ?? [])];
  const lacks = ({ resources }: Container, name: string): boolean => {
    const [list, resource] = name.startsWith('limits.')
      ? (['limits', name.slice(7)] as const)
      : (['requests', name.replace('requests.', '')] as const);
    return resources?.[list]?.[resource] === undefined;
  };
  return mustBeSet
    .filter((name) => hard.includes(name))
    .flatMap((name) => {
      const found = containers.filter((container) => lacks(container, name)).map((container) => container.name);
      return found.length === 0 ? [] : [`${name} for: ${found.toSorted().join(',')}`];
    })
    .join('; ');
}
