/**
 * Devices for all claims of a pod on one node, or none: tries devices in the order of their pools, and goes back when a later
 * request finds none. Source: structured/internal/stable/allocator_stable.go.
 */
import type {
  AllocationResult,
  DeviceAllocationConfiguration,
  DeviceClass,
  DeviceConstraint,
  DeviceRequest,
  DeviceRequestAllocationResult,
  DeviceSelector,
  DeviceToleration,
  Node,
  NodeSelector,
  ResourceResourceClaim as ResourceClaim,
} from '../../kube/generated/types.ts';
import { nameOf, namespaceOf } from '../../kube/object.ts';
import { type DevicePools, isTolerated, type PooledDevice } from './devices.ts';
import { attributeText, isSelected, SelectorError } from './selectors.ts';

export interface Inventory {
  readonly pools: DevicePools;
  /** Ids of devices that other claims have. */
  readonly allocated: ReadonlySet<string>;
  classNamed(name: string): DeviceClass | undefined;
}

/** No claim has more devices. Source: resource/v1, AllocationResultsMaxSize. */
const devicesMax = 32;

/** Devices that are tried for one pod on one node, all ways together. */
const triesMax = 10_000;

interface Wanted {
  readonly claim: ResourceClaim;
  /** `request`, or `request/subrequest`. */
  readonly name: string;
  readonly request: string;
  readonly className: string;
  readonly selectors: readonly DeviceSelector[];
  readonly tolerations: readonly DeviceToleration[];
  readonly isAll: boolean;
  readonly count: number;
  readonly isAdmin: boolean;
}

/** Each way to meet the request, the best first. */
function waysOf(claim: ResourceClaim, { name, exactly, firstAvailable = [] }: DeviceRequest): readonly Wanted[] {
  const ways = exactly === undefined ? firstAvailable : [exactly];
  return ways.map((way) => ({
    claim,
    request: name,
    name: 'name' in way ? `${name}/${way.name}` : name,
    className: way.deviceClassName,
    selectors: way.selectors ?? [],
    tolerations: way.tolerations ?? [],
    isAll: way.allocationMode === 'All',
    count: way.count ?? 1,
    isAdmin: 'adminAccess' in way && way.adminAccess === true,
  }));
}

interface Chosen {
  readonly wanted: Wanted;
  readonly device: PooledDevice;
}

const concerns = (
  { requests = [] }: { readonly requests?: readonly string[] },
  { name, request }: Pick<Wanted, 'name' | 'request'>,
): boolean => requests.length === 0 || requests.includes(request) || requests.includes(name);

class Allocator {
  readonly chosen: Chosen[] = [];
  private readonly node: Node;
  private readonly inventory: Inventory;
  private readonly requests: readonly (readonly Wanted[])[];
  private readonly used = new Set<string>();
  private tries = 0;

  constructor(claims: readonly ResourceClaim[], node: Node, inventory: Inventory) {
    this.node = node;
    this.inventory = inventory;
    this.requests = claims.flatMap((claim) => (claim.spec.devices?.requests ?? []).map((request) => waysOf(claim, request)));
  }

  /** Allocates devices from this request on. */
  allocate(index = 0): boolean {
    const ways = this.requests[index];
    if (ways === undefined) return true;
    return ways.some((wanted) => {
      const candidates = this.candidates(wanted);
      if (candidates === undefined) return false;
      const count = wanted.isAll ? candidates.length : wanted.count;
      return count > 0 && count <= devicesMax && this.choose(wanted, candidates, { left: count, from: 0, next: index + 1 });
    });
  }

  /** Undefined: for now the request cannot be met at all. */
  private candidates(wanted: Wanted): readonly PooledDevice[] | undefined {
    if (wanted.isAll && this.inventory.pools.hasIncomplete(this.node)) return undefined;
    return this.inventory.pools.usableOn(this.node).filter((device) => this.isMeant(wanted, device));
  }

  private choose(
    wanted: Wanted,
    candidates: readonly PooledDevice[],
    { left, from, next }: { readonly left: number; readonly from: number; readonly next: number },
  ): boolean {
    if (left === 0) return this.allocate(next);
    for (let index = from; index <= candidates.length - left; index += 1) {
      const device = candidates[index];
      this.tries += 1;
      if (device === undefined || this.tries > triesMax) return false;
      if (!this.isFree(wanted, device) || !this.meetsConstraints(wanted, device)) {
        if (wanted.isAll) return false;
        continue;
      }
      this.chosen.push({ wanted, device });
      if (!wanted.isAdmin) this.used.add(device.id);
      if (this.choose(wanted, candidates, { left: left - 1, from: index + 1, next })) return true;
      this.chosen.pop();
      if (!wanted.isAdmin) this.used.delete(device.id);
    }
    return false;
  }

  private isFree({ isAdmin }: Wanted, { id }: PooledDevice): boolean {
    return isAdmin || (!this.used.has(id) && !this.inventory.allocated.has(id));
  }

  private isMeant(wanted: Wanted, device: PooledDevice): boolean {
    const { claim, className, selectors, tolerations } = wanted;
    const ofClass = this.inventory.classNamed(className)?.spec.selectors ?? [];
    return (
      selectedBy(ofClass, device, `class ${className}`) &&
      selectedBy(selectors, device, `claim ${namespaceOf(claim)}/${nameOf(claim)}`) &&
      isTolerated(device.device, tolerations)
    );
  }

  private meetsConstraints(wanted: Wanted, device: PooledDevice): boolean {
    const constraints = (wanted.claim.spec.devices?.constraints ?? []).filter((constraint) => concerns(constraint, wanted));
    return constraints.every((constraint) => {
      const others = this.chosen.filter((one) => one.wanted.claim === wanted.claim && concerns(constraint, one.wanted));
      return isKept(constraint, device, others);
    });
  }
}

function isKept({ matchAttribute, distinctAttribute }: DeviceConstraint, device: PooledDevice, others: readonly Chosen[]): boolean {
  const name = matchAttribute ?? distinctAttribute;
  if (name === undefined) return false;
  const text = attributeText(device, name);
  if (text === undefined) return false;
  return others.every((other) => (attributeText(other.device, name) === text) === (matchAttribute !== undefined));
}

function selectedBy(selectors: readonly DeviceSelector[], device: PooledDevice, whose: string): boolean {
  return selectors.every(({ cel }, index) => {
    try {
      return cel !== undefined && isSelected(cel.expression, device);
    } catch (error) {
      if (!(error instanceof SelectorError)) throw error;
      const on = error.message.startsWith('CEL compile') ? '' : ` on device ${device.id}`;
      throw new SelectorError(`${whose}: selector #${index}${on}: ${error.message}`, { cause: error });
    }
  });
}

/** What each claim gets; undefined: not all of them get their devices on this node. */
export function allocateOn(claims: readonly ResourceClaim[], node: Node, inventory: Inventory): readonly AllocationResult[] | undefined {
  const allocator = new Allocator(claims, node, inventory);
  if (!allocator.allocate()) return undefined;
  return claims.map((claim) => {
    const own = allocator.chosen.filter(({ wanted }) => wanted.claim === claim);
    const config = configOf(claim, own, inventory);
    const nodeSelector = selectorFor(own, node);
    return {
      devices: { results: own.map(resultOf), ...(config.length > 0 && { config }) },
      ...(nodeSelector !== undefined && { nodeSelector }),
    };
  });
}

const resultOf = ({ wanted, device }: Chosen): DeviceRequestAllocationResult => ({
  request: wanted.name,
  driver: device.driver,
  pool: device.pool,
  device: device.device.name,
  ...(wanted.isAdmin && { adminAccess: true }),
  ...(wanted.tolerations.length > 0 && { tolerations: [...wanted.tolerations] }),
});

/** The classes' configurations first, then the claim's; only those that concern an allocated device. */
function configOf(claim: ResourceClaim, own: readonly Chosen[], { classNamed }: Inventory): DeviceAllocationConfiguration[] {
  const met = [...new Map(own.map(({ wanted }) => [wanted.name, wanted])).values()];
  const ofClasses = met.flatMap(({ name, className }) =>
    (classNamed(className)?.spec.config ?? []).map((config) => ({ source: 'FromClass', requests: [name], ...config })),
  );
  const ofClaim = (claim.spec.devices?.config ?? [])
    .filter((config) => met.some((wanted) => concerns(config, wanted)))
    .map((config) => ({ source: 'FromClaim', ...config }));
  return [...ofClasses, ...ofClaim];
}

/** Where the devices can be used. One that only this node has binds all to it. */
function selectorFor(own: readonly Chosen[], node: Node): NodeSelector | undefined {
  const selectors = own.flatMap(({ device }) => device.nodeSelector ?? []);
  if (selectors.length === 0) return undefined;
  const isLocal = selectors.some(({ nodeSelectorTerms: [term] }) => (term?.matchFields ?? []).length > 0);
  if (isLocal) return { nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: [nameOf(node)] }] }] };
  const all = selectors.flatMap(({ nodeSelectorTerms: [term] }) => term?.matchExpressions ?? []);
  const different = [...new Map(all.map((expression) => [JSON.stringify(expression), expression])).values()];
  return { nodeSelectorTerms: [{ matchExpressions: different }] };
}
