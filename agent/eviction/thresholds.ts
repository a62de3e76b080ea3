/** What a node may run short of, and from when on it does. Pure. Source: pkg/kubelet/eviction/defaults_linux.go, helpers.go, types.go */
import { parseDuration } from '../../functions/kube/duration.ts';
import { formatQuantity, quantityValue } from '../../functions/kube/quantity.ts';

export type Signal =
  | 'memory.available'
  | 'nodefs.available'
  | 'nodefs.inodesFree'
  | 'imagefs.available'
  | 'imagefs.inodesFree'
  | 'pid.available';
export type PressureType = 'MemoryPressure' | 'DiskPressure' | 'PIDPressure';

export interface Observation {
  readonly available: number;
  readonly capacity: number;
}

export type Observations = Readonly<Record<Signal, Observation>>;

/** A quantity, or a share of the capacity: `10%`. */
export type Amounts = Readonly<Partial<Record<Signal, string>>>;

/** The settings of eviction, as in a kubelet's configuration. */
export interface EvictionSettings {
  /** Pods go at once. Left out: upstream's. */
  readonly evictionHard?: Amounts;
  /** Pods go when it was so for `evictionSoftGracePeriod`, and have time to end. */
  readonly evictionSoft?: Amounts;
  /** `1m30s`, for each of `evictionSoft`. */
  readonly evictionSoftGracePeriod?: Readonly<Partial<Record<Signal, string>>>;
  /** In seconds, for pods that go softly. */
  readonly evictionMaxPodGracePeriod?: number;
  /** How much more than the threshold must be there before the shortage is over. */
  readonly evictionMinimumReclaim?: Amounts;
  /** How long a condition of the node stays after the last shortage: `5m`. */
  readonly evictionPressureTransitionPeriod?: string;
}

export interface Threshold {
  readonly signal: Signal;
  readonly amount: string;
  /** How long the node may be below the threshold; 0: pods go at once. */
  readonly graceMs: number;
  readonly reclaim: string | undefined;
}

export const hardDefault: Amounts = {
  'memory.available': '100Mi',
  'nodefs.available': '10%',
  'nodefs.inodesFree': '5%',
  'imagefs.available': '15%',
  'imagefs.inodesFree': '5%',
};

/** Throws Error where a soft threshold has no grace. Source: pkg/kubelet/eviction/helpers.go (ParseThresholdConfig) */
export function thresholdsOf(settings: EvictionSettings): readonly Threshold[] {
  const { evictionHard = hardDefault, evictionSoft = {}, evictionSoftGracePeriod = {}, evictionMinimumReclaim = {} } = settings;
  return signals.flatMap((signal): Threshold[] => {
    const [hard, soft, grace] = [evictionHard[signal], evictionSoft[signal], evictionSoftGracePeriod[signal]];
    const reclaim = evictionMinimumReclaim[signal];
    if (soft !== undefined && grace === undefined)
      throw new Error(`grace period must be specified for the soft eviction threshold ${signal}`);
    return [
      ...(hard === undefined ? [] : [{ signal, amount: hard, graceMs: 0, reclaim }]),
      ...(soft === undefined || grace === undefined ? [] : [{ signal, amount: soft, graceMs: parseDuration(grace), reclaim }]),
    ];
  });
}

/** The memory first, as upstream sorts them. */
const signals: readonly Signal[] = [
  'memory.available',
  'nodefs.available',
  'nodefs.inodesFree',
  'imagefs.available',
  'imagefs.inodesFree',
  'pid.available',
];

export const pressureOf: Readonly<Record<Signal, PressureType>> = {
  'memory.available': 'MemoryPressure',
  'nodefs.available': 'DiskPressure',
  'nodefs.inodesFree': 'DiskPressure',
  'imagefs.available': 'DiskPressure',
  'imagefs.inodesFree': 'DiskPressure',
  'pid.available': 'PIDPressure',
};

/** The name of a signal's resource in messages. */
export const resourceOf: Readonly<Record<Signal, string>> = {
  'memory.available': 'memory',
  'nodefs.available': 'ephemeral-storage',
  'nodefs.inodesFree': 'inodes',
  'imagefs.available': 'ephemeral-storage',
  'imagefs.inodesFree': 'inodes',
  'pid.available': 'pids',
};

export interface Shortage {
  readonly of: Threshold;
  readonly signal: Signal;
  readonly threshold: number;
  readonly available: number;
}

const amountOf = (threshold: string, capacity: number): number =>
  threshold.endsWith('%') ? Math.floor((capacity * Number(threshold.slice(0, -1))) / 100) : quantityValue(threshold);

/** A file system that counts no inodes has none to run short of. `open` are those for which pods have gone: they end later. */
export function shortages(
  observed: Observations,
  thresholds: readonly Threshold[],
  open: ReadonlySet<Threshold> = new Set(),
): readonly Shortage[] {
  return thresholds.flatMap((of) => {
    const { signal, amount, reclaim } = of;
    const { available, capacity } = observed[signal];
    if (capacity === 0) return [];
    const threshold = amountOf(amount, capacity);
    const isOver = available >= threshold + (open.has(of) && reclaim !== undefined ? amountOf(reclaim, capacity) : 0);
    return isOver ? [] : [{ of, signal, threshold, available }];
  });
}

export const isOfDisk = ({ signal }: Shortage): boolean => pressureOf[signal] === 'DiskPressure';

export const shortageMessage = ({ signal, threshold, available }: Shortage): string => {
  const isCount = signal.endsWith('inodesFree') || signal === 'pid.available';
  const text = (amount: number): string => formatQuantity(BigInt(amount) * 1_000_000_000n, isCount ? 'DecimalSI' : 'BinarySI');
  return `The node was low on resource: ${resourceOf[signal]}. Threshold quantity: ${text(threshold)}, available: ${text(available)}. `;
};
