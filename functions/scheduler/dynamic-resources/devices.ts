/**
 * The devices that drivers publish, by pools: which of them a node can use. Source:
 * structured/internal/stable/pools_stable.go.
 */
import { toleratesDevice, withRuleTaints } from '../../kube/device-taints.ts';
import type { Device, DeviceTaintRule, DeviceToleration, Node, NodeSelector, ResourceSlice } from '../../kube/generated/types.ts';
import { nameOf } from '../../kube/object.ts';
import { matchesNodeTerms } from '../../kube/node-selector.ts';

export interface PooledDevice {
  /** `driver/pool/device`. */
  readonly id: string;
  readonly driver: string;
  readonly pool: string;
  readonly device: Device;
  /** Where it can be used; undefined: everywhere. */
  readonly nodeSelector: NodeSelector | undefined;
}

export const deviceId = (driver: string, pool: string, device: string): string => `${driver}/${pool}/${device}`;

interface Pool {
  readonly slices: readonly ResourceSlice[];
  /** A driver is changing it: some slices are missing. */
  readonly isIncomplete: boolean;
}

function poolsOf(slices: readonly ResourceSlice[]): readonly Pool[] {
  const byPool = new Map<string, ResourceSlice[]>();
  for (const slice of slices) {
    const key = `${slice.spec.driver}/${slice.spec.pool.name}`;
    byPool.set(key, [...(byPool.get(key) ?? []), slice]);
  }
  return [...byPool.values()].map((all) => {
    const newest = Math.max(...all.map(({ spec }) => spec.pool.generation));
    const current = all.filter(({ spec }) => spec.pool.generation === newest);
    return { slices: current, isIncomplete: current.length < (current[0]?.spec.pool.resourceSliceCount ?? 0) };
  });
}

const onlyNode = (name: string): NodeSelector => ({
  nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: [name] }] }],
});

interface Place {
  readonly nodeName?: string | undefined;
  readonly nodeSelector?: NodeSelector | undefined;
  readonly allNodes?: boolean | undefined;
}

/** False: nowhere. Undefined: everywhere. */
function selectorOf({ nodeName = '', nodeSelector, allNodes = false }: Place): NodeSelector | undefined | false {
  if (nodeName !== '') return onlyNode(nodeName);
  return nodeSelector ?? (allNodes ? undefined : false);
}

/** Devices that share counters, or that several claims share, are not allocated here. */
const isWhole = ({ consumesCounters = [], allowMultipleAllocations = false, bindingConditions = [] }: Device): boolean =>
  consumesCounters.length === 0 && !allowMultipleAllocations && bindingConditions.length === 0;

export class DevicePools {
  private readonly pools: readonly Pool[];
  private readonly byNode = new Map<string, readonly PooledDevice[]>();

  private readonly rules: readonly DeviceTaintRule[];

  constructor(slices: readonly ResourceSlice[], rules: readonly DeviceTaintRule[]) {
    this.rules = rules;
    this.pools = poolsOf(slices.toSorted((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1)));
  }

  /** Those of pools that are being changed are left out. */
  usableOn(node: Node): readonly PooledDevice[] {
    const known = this.byNode.get(nameOf(node));
    if (known !== undefined) return known;
    const found = this.pools
      .filter(({ isIncomplete }) => !isIncomplete)
      .flatMap(({ slices }) => slices.flatMap((slice) => usable(slice, node, this.rules)));
    this.byNode.set(nameOf(node), found);
    return found;
  }

  /** A pool of the node of which not all is known: no claim can ask for all of its devices. */
  hasIncomplete(node: Node): boolean {
    return this.pools.some(({ isIncomplete, slices }) => isIncomplete && slices.some((slice) => usable(slice, node, []).length > 0));
  }
}

function usable({ spec }: ResourceSlice, node: Node, rules: readonly DeviceTaintRule[]): readonly PooledDevice[] {
  const { driver, pool, devices = [], perDeviceNodeSelection = false } = spec;
  return devices.filter(isWhole).flatMap((device) => {
    const nodeSelector = selectorOf(perDeviceNodeSelection ? device : spec);
    if (nodeSelector === false) return [];
    if (nodeSelector !== undefined && !matchesNodeTerms(nodeSelector.nodeSelectorTerms, node)) return [];
    const tainted = withRuleTaints(device, { driver, pool: pool.name, device: device.name }, rules);
    return [{ id: deviceId(driver, pool.name, device.name), driver, pool: pool.name, device: tainted, nodeSelector }];
  });
}

/** A taint without effect only informs. */
export const isTolerated = ({ taints = [] }: Device, tolerations: readonly DeviceToleration[]): boolean =>
  taints.filter(({ effect }) => effect !== 'None').every((taint) => tolerations.some((toleration) => toleratesDevice(toleration, taint)));
