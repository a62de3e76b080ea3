/** What wakes the evictions from tainted devices. */
import type {
  DeviceRequestAllocationResult,
  DeviceTaintRule,
  Pod,
  ResourceResourceClaim as ResourceClaim,
  ResourceSlice,
} from '../../kube/generated/types.ts';
import { namespaceOf, type ObjectName } from '../../kube/object.ts';
import { deviceTaintRules, pods, resourceClaims, resourceSlices } from '../../kube/resource-type.ts';
import { watch, type Cache, type Index, type Watch } from '../../workers/controller.ts';
import { namesOf, watchItself } from '../shared/pod-requests.ts';
import { usesClaims } from '../resource-claim/watches.ts';

export const poolKey = (driver: string, pool: string): string => `${driver}/${pool}`;

export const slicesByPool: Index<ResourceSlice> = {
  type: resourceSlices,
  values: ({ spec }) => [poolKey(spec.driver, spec.pool.name)],
};

export const allocatedDevices = ({ status }: ResourceClaim): readonly DeviceRequestAllocationResult[] =>
  status?.allocation?.devices?.results ?? [];

export const evicts = ({ spec }: DeviceTaintRule): boolean => spec.taint.effect === 'NoExecute';

/** Claims by the pools that their devices are of. */
const claimsByPool: Index<ResourceClaim> = {
  type: resourceClaims,
  values: (claim) => [...new Set(allocatedDevices(claim).map(({ driver, pool }) => poolKey(driver, pool)))],
};

const usersOf = (claim: ResourceClaim): readonly ObjectName[] =>
  (claim.status?.reservedFor ?? [])
    .filter(({ apiGroup = '', resource }) => apiGroup === '' && resource === 'pods')
    .map(({ name }) => ({ namespace: namespaceOf(claim), name }));

export const deviceTaintEvictionWatches: readonly Watch[] = [
  watch<Pod>(pods, ({ type, object }) => (type !== 'deleted' && usesClaims(object) ? namesOf([object]) : [])),
  watch<ResourceClaim>(resourceClaims, ({ object }) => usersOf(object)),
  watch<ResourceSlice>(resourceSlices, ({ object: { spec } }, cache) =>
    cache.by(claimsByPool, poolKey(spec.driver, spec.pool.name)).flatMap(usersOf),
  ),
  watch<DeviceTaintRule>(deviceTaintRules, (_change, cache) => cache.list(resourceClaims).flatMap(usersOf)),
];

/** Rules whose status counts pods. */
const evictingRules = (cache: Cache): readonly ObjectName[] => namesOf(cache.list(deviceTaintRules).filter(evicts));

export const deviceTaintRuleWatches: readonly Watch[] = [
  watchItself(deviceTaintRules),
  watch<Pod>(pods, ({ object }, cache) => (usesClaims(object) ? evictingRules(cache) : [])),
  watch<ResourceClaim>(resourceClaims, ({ object }, cache) => (allocatedDevices(object).length > 0 ? evictingRules(cache) : [])),
];
