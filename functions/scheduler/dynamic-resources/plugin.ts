/**
 * Pods get the devices that their claims ask for: a node fits where all of them are. What was decided is written before the pod
 * is bound. Source: plugins/dynamicresources/dynamicresources.go.
 */
import {
  canBeReserved,
  claimFinalizer,
  claimNameOfPod,
  isMadeForPod,
  isReservedFor,
  needsNoClaim,
  notMadeForPod,
} from '../../kube/device-claims.ts';
import { copy } from '../../kube/copy.ts';
import { deepEqual } from '../../kube/equality.ts';
import type { AllocationResult, DeviceRequest, Node, Pod, ResourceResourceClaim as ResourceClaim } from '../../kube/generated/types.ts';
import { matchesNodeTerms } from '../../kube/node-selector.ts';
import { isTerminating, nameOf, namespaceOf, uidOf } from '../../kube/object.ts';
import { deviceClasses, deviceTaintRules, pods, resourceClaims, resourceSlices } from '../../kube/resource-type.ts';
import { timestamp } from '../../kube/time.ts';
import type { Cache, ReconcileContext } from '../../workers/controller.ts';
import type { NodeState } from '../node-state.ts';
import { type FilterPlugin, refused, type Refusal } from '../plugins/plugin.ts';
import { anyOf, hasOtherLabels, type QueueingHints } from '../plugins/queueing-hints.ts';
import { allocateOn, type Inventory } from './allocate.ts';
import { deviceId, DevicePools } from './devices.ts';
import { SelectorError } from './selectors.ts';

/** What is written for the pod: claims with their allocation. */
export interface DevicePlan {
  readonly claims: readonly { readonly claim: ResourceClaim; readonly allocation: AllocationResult | undefined }[];
}

export interface PodDevices {
  readonly filter: FilterPlugin;
  planFor(node: Node): DevicePlan;
}

export type DevicesOfPod =
  | { readonly outcome: 'devices'; readonly devices: PodDevices }
  /** Its claims are not all made yet: nothing is reported of it. */
  | { readonly outcome: 'early' }
  | { readonly outcome: 'refused'; readonly message: string };

const pluginName = 'DynamicResources';
const unreachable = refused(pluginName, 'resourceclaim not available on the node', false);
const taken = refused(pluginName, 'cannot allocate all claims', false);

const deviceHints: QueueingHints = {
  node: (_pod, { before, after }) =>
    after !== undefined && (hasOtherLabels({ before, after }) || !deepEqual(before?.status?.allocatable, after.status?.allocatable)),
  others: [
    // A claim that is gone or given back leaves its devices to others.
    { type: resourceClaims, helps: () => true },
    // A device may lose a taint that kept a pod away.
    { type: deviceTaintRules, helps: () => true },
    anyOf(deviceClasses),
    anyOf(resourceSlices),
  ],
};

/** All devices, as one pass of the scheduler gives them away. */
export class DeviceInventory {
  readonly hints = deviceHints;
  private readonly cache: Cache;
  private readonly inventory: Inventory;
  private readonly allocated: Set<string>;
  /** Claims that a pod of this pass gets devices for. */
  private readonly pending = new Set<string>();

  constructor(cache: Cache) {
    this.cache = cache;
    this.allocated = new Set(cache.list(resourceClaims).flatMap(({ status }) => devicesOf(status?.allocation)));
    this.inventory = {
      pools: new DevicePools(cache.list(resourceSlices), cache.list(deviceTaintRules)),
      allocated: this.allocated,
      classNamed: (name) => cache.get(deviceClasses, { namespace: '', name }),
    };
  }

  devicesOf(pod: Pod): DevicesOfPod {
    const found = this.claimsOf(pod);
    if ('outcome' in found) return found;
    const { claims } = found;
    const why = claims.map((claim) => this.problem(pod, claim)).find((text) => text !== undefined);
    return why === undefined
      ? { outcome: 'devices', devices: new DevicesForPod(claims, this.inventory) }
      : { outcome: 'refused', message: why };
  }

  /** No other pod gets them in this pass. */
  promise({ claims }: DevicePlan): void {
    for (const { claim, allocation } of claims) {
      if (allocation === undefined) continue;
      this.pending.add(uidOf(claim));
      for (const id of devicesOf(allocation)) this.allocated.add(id);
    }
  }

  private claimsOf(pod: Pod): { readonly claims: readonly ResourceClaim[] } | Exclude<DevicesOfPod, { outcome: 'devices' }> {
    const claims: ResourceClaim[] = [];
    for (const podClaim of pod.spec.resourceClaims ?? []) {
      if (needsNoClaim(pod, podClaim)) continue;
      const name = claimNameOfPod(pod, podClaim);
      const claim = name === undefined ? undefined : this.cache.get(resourceClaims, { namespace: namespaceOf(pod), name });
      if (claim === undefined || isTerminating(claim)) return { outcome: 'early' };
      if (podClaim.resourceClaimName === undefined && !isMadeForPod(pod, claim))
        return { outcome: 'refused', message: notMadeForPod(pod, claim) };
      claims.push(claim);
    }
    return { claims };
  }

  private problem(pod: Pod, claim: ResourceClaim): string | undefined {
    if (claim.status?.allocation !== undefined)
      return isReservedFor(pod, claim) || canBeReserved(claim) ? undefined : 'resourceclaim in use';
    if (this.pending.has(uidOf(claim))) return `resource claim ${namespaceOf(claim)}/${nameOf(claim)} is in the process of being allocated`;
    for (const request of claim.spec.devices?.requests ?? []) {
      for (const { name, className } of classesOf(request)) {
        if (this.inventory.classNamed(className) === undefined) return `request ${name}: device class ${className} does not exist`;
      }
    }
    return undefined;
  }
}

const classesOf = ({ name, exactly, firstAvailable = [] }: DeviceRequest): readonly { name: string; className: string }[] =>
  exactly === undefined
    ? firstAvailable.map((sub) => ({ name: `${name}/${sub.name}`, className: sub.deviceClassName }))
    : [{ name, className: exactly.deviceClassName }];

const devicesOf = (allocation: AllocationResult | undefined): readonly string[] =>
  (allocation?.devices?.results ?? [])
    .filter(({ adminAccess }) => adminAccess !== true)
    .map(({ driver, pool, device }) => deviceId(driver, pool, device));

class DevicesForPod implements PodDevices {
  readonly filter: FilterPlugin;
  private readonly claims: readonly ResourceClaim[];
  private readonly open: readonly ResourceClaim[];
  private readonly inventory: Inventory;
  private readonly results = new Map<string, readonly AllocationResult[]>();

  constructor(claims: readonly ResourceClaim[], inventory: Inventory) {
    this.claims = claims;
    this.open = claims.filter(({ status }) => status?.allocation === undefined);
    this.inventory = inventory;
    this.filter = { name: pluginName, hints: deviceHints, prepare: () => ({ refusal: (node) => this.refusal(node) }) };
  }

  planFor(node: Node): DevicePlan {
    const results = this.results.get(nameOf(node)) ?? [];
    return { claims: this.claims.map((claim) => ({ claim, allocation: results[this.open.indexOf(claim)] })) };
  }

  private refusal({ node, name }: NodeState): Refusal | undefined {
    const isElsewhere = this.claims.some(({ status }) => {
      const selector = status?.allocation?.nodeSelector;
      return selector !== undefined && !matchesNodeTerms(selector.nodeSelectorTerms, node);
    });
    if (isElsewhere) return unreachable;
    try {
      const results = allocateOn(this.open, node, this.inventory);
      if (results === undefined) return taken;
      this.results.set(name, results);
      return undefined;
    } catch (error) {
      if (!(error instanceof SelectorError)) throw error;
      return refused(pluginName, error.message, false);
    }
  }
}

/**
 * Allocates and reserves the claims for the pod. A claim that another writer changed is a conflict, and the pod waits for
 * the next pass.
 */
export async function bindDevices(pod: Pod, { claims }: DevicePlan, { client, clock }: ReconcileContext): Promise<void> {
  for (const { claim, allocation } of claims) {
    if (allocation === undefined && isReservedFor(pod, claim)) continue;
    const held = allocation === undefined ? claim : await client.update(resourceClaims, withFinalizer(claim));
    const entry = { resource: pods.resource, name: nameOf(pod), uid: uidOf(pod) };
    const status = {
      ...held.status,
      ...(allocation !== undefined && { allocation: { ...allocation, allocationTimestamp: timestamp(clock.now()) } }),
      reservedFor: [...(held.status?.reservedFor ?? []), entry],
    };
    await client.update(resourceClaims, { ...copy(held), status }, 'status');
  }
}

function withFinalizer(claim: ResourceClaim): ResourceClaim {
  const { finalizers = [] } = claim.metadata;
  const next = copy(claim);
  return finalizers.includes(claimFinalizer)
    ? next
    : { ...next, metadata: { ...next.metadata, finalizers: [...finalizers, claimFinalizer] } };
}
