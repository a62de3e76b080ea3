/** Writes on a DeviceTaintRule how far its evictions are, or what they would be. Source: device_taint_eviction.go, maybeUpdateRuleStatus. */
import { conditionOf } from '../../kube/conditions.ts';
import { userNameOf } from '../../kube/controller-role.ts';
import { selectsDevice } from '../../kube/device-taints.ts';
import type { Condition, DeviceTaintRule } from '../../kube/generated/types.ts';
import { isTerminating, namespaceOf, uidOf } from '../../kube/object.ts';
import { deviceTaintRules, pods, resourceClaims, resourceSlices } from '../../kube/resource-type.ts';
import { isConflict, isNotFound } from '../../kube/status-error.ts';
import { parseTime, timestamp } from '../../kube/time.ts';
import { again, type Cache, type Controller, type ReconcileContext, type ReconcileResult, settled } from '../../workers/controller.ts';
import { usesClaims } from '../resource-claim/watches.ts';
import { namesOf } from '../shared/pod-requests.ts';
import { evictionOf } from './eviction.ts';
import { deviceTaintEvictionRole } from './role.ts';
import { allocatedDevices, deviceTaintRuleWatches, evicts, poolKey } from './watches.ts';

const conditionType = 'EvictionInProgress';
/** The status follows the pods no faster than this. */
const statusPeriodMs = 10_000;

type EvictedBy = (rule: DeviceTaintRule) => number;

export const createRuleStatusController = (evictedBy: EvictedBy): Controller => ({
  name: 'device-taint-rule-status',
  actsAs: userNameOf(deviceTaintEvictionRole),
  component: 'device-taint-eviction-controller',
  watches: deviceTaintRuleWatches,
  all: (cache) => namesOf(cache.list(deviceTaintRules)),
  async reconcile(request, context) {
    const rule = context.cache.get(deviceTaintRules, request);
    return rule === undefined ? settled : updateStatus(rule, evictedBy(rule), context);
  },
});

async function updateStatus(rule: DeviceTaintRule, evicted: number, { cache, client, clock }: ReconcileContext): Promise<ReconcileResult> {
  const before = conditionOf(rule.status?.conditions, conditionType);
  const isKnown = before !== undefined && before.observedGeneration === rule.metadata.generation;
  // Only evictions go on after the rule was written.
  if (isKnown && !evicts(rule)) return settled;
  const wanted = conditionFor(rule, evicted, cache);
  const isSame = isKnown && before.status === wanted.status && before.reason === wanted.reason && before.message === wanted.message;
  if (isSame) return settled;
  const nowMs = clock.now();
  const sinceMs = isKnown ? nowMs - parseTime(before.lastTransitionTime) : Infinity;
  if (sinceMs < statusPeriodMs) return again((statusPeriodMs - sinceMs) / 1000);
  const condition: Condition = {
    ...wanted,
    type: conditionType,
    ...(rule.metadata.generation !== undefined && { observedGeneration: rule.metadata.generation }),
    lastTransitionTime: timestamp(nowMs),
  };
  const options = { patchType: 'application/strategic-merge-patch+json', subresource: 'status' } as const;
  const at = { namespace: '', name: rule.metadata.name ?? '' };
  try {
    await client.patch(deviceTaintRules, at, { metadata: { uid: uidOf(rule) }, status: { conditions: [condition] } }, options);
  } catch (error) {
    if (!isNotFound(error) && !isConflict(error)) throw error;
  }
  return settled;
}

type Reported = Pick<Condition, 'status' | 'reason' | 'message'>;

function conditionFor(rule: DeviceTaintRule, evicted: number, cache: Cache): Reported {
  const past = evicted === 0 ? '' : `${counted(evicted, 'pod')} evicted since starting the controller.`;
  const reported = (status: 'True' | 'False', reason: string, text: string): Reported => ({
    status,
    reason,
    message: [text, past].filter((part) => part !== '').join(' '),
  });
  if (rule.spec.taint.effect === 'None') return reported('False', 'NoEffect', simulation(rule, cache));
  if (!evicts(rule)) return reported('False', 'OtherEffect', 'Eviction only happens for the NoExecute effect.');
  const pending = pendingPods(rule, cache);
  if (pending.pods === 0) return reported('False', evicted > 0 ? 'Completed' : 'NotStarted', '');
  const need = pending.pods === 1 ? 'needs' : 'need';
  return reported(
    'True',
    'PodsPendingEviction',
    `${counted(pending.pods, 'pod')} ${need} to be evicted in ${namespacesText(pending.namespaces)}.`,
  );
}

function simulation(rule: DeviceTaintRule, cache: Cache): string {
  const published = publishedDevices(rule, cache);
  const allocated = cache
    .list(resourceClaims)
    .flatMap(allocatedDevices)
    .filter((device) => selectsDevice(rule, device)).length;
  const { pods: podCount, namespaces } = pendingPods(rule, cache);
  return (
    `${counted(published, 'published device')} selected. ${counted(allocated, 'allocated device')} selected. ` +
    `${counted(podCount, 'pod')} would be evicted in ${namespacesText(namespaces)} if the effect was NoExecute. ` +
    'This information will not be updated again. Recreate the DeviceTaintRule to trigger an update.'
  );
}

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;

const namespacesText = (count: number): string => (count === 1 ? '1 namespace' : `${count} different namespaces`);

function publishedDevices(rule: DeviceTaintRule, cache: Cache): number {
  const slices = cache.list(resourceSlices);
  const newest = new Map<string, number>();
  for (const { spec } of slices) {
    const key = poolKey(spec.driver, spec.pool.name);
    newest.set(key, Math.max(newest.get(key) ?? -Infinity, spec.pool.generation));
  }
  return slices
    .filter(({ spec }) => spec.pool.generation === newest.get(poolKey(spec.driver, spec.pool.name)))
    .flatMap(({ spec }) => (spec.devices ?? []).map(({ name }) => ({ driver: spec.driver, pool: spec.pool.name, device: name })))
    .filter((place) => selectsDevice(rule, place)).length;
}

interface Pending {
  readonly pods: number;
  readonly namespaces: number;
}

/** Pods that the rule lets go, or would. */
function pendingPods(rule: DeviceTaintRule, cache: Cache): Pending {
  const meant = cache.list(pods).filter((pod) => {
    if (!usesClaims(pod) || isTerminating(pod)) return false;
    return evictionOf(pod, cache, [rule])?.rules.includes(rule) === true;
  });
  return { pods: meant.length, namespaces: new Set(meant.map(namespaceOf)).size };
}
