/** What a node may run short of, and from when on it does. Pure. Source: pkg/kubelet/eviction/defaults_linux.go, helpers.go, types.go */
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
export type Thresholds = Readonly<Partial<Record<Signal, string>>>;

export const thresholdsDefault: Thresholds = {
  'memory.available': '100Mi',
  'nodefs.available': '10%',
  'nodefs.inodesFree': '5%',
  'imagefs.available': '15%',
  'imagefs.inodesFree': '5%',
};

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

/** What messages call it. */
export const resourceOf: Readonly<Record<Signal, string>> = {
  'memory.available': 'memory',
  'nodefs.available': 'ephemeral-storage',
  'nodefs.inodesFree': 'inodes',
  'imagefs.available': 'ephemeral-storage',
  'imagefs.inodesFree': 'inodes',
  'pid.available': 'pids',
};

export interface Shortage {
  readonly signal: Signal;
  readonly threshold: number;
  readonly available: number;
}

const amountOf = (threshold: string, capacity: number): number =>
  threshold.endsWith('%') ? Math.floor((capacity * Number(threshold.slice(0, -1))) / 100) : quantityValue(threshold);

/** A file system that counts no inodes has none to run short of. */
export function shortages(observed: Observations, thresholds: Thresholds): readonly Shortage[] {
  return signals.flatMap((signal) => {
    const wanted = thresholds[signal];
    const { available, capacity } = observed[signal];
    if (wanted === undefined || capacity === 0) return [];
    const threshold = amountOf(wanted, capacity);
    return available < threshold ? [{ signal, threshold, available }] : [];
  });
}

export const isOfDisk = ({ signal }: Shortage): boolean => pressureOf[signal] === 'DiskPressure';

export const shortageMessage = ({ signal, threshold, available }: Shortage): string => {
  const isCount = signal.endsWith('inodesFree') || signal === 'pid.available';
  const text = (amount: number): string => formatQuantity(BigInt(amount) * 1_000_000_000n, isCount ? 'DecimalSI' : 'BinarySI');
  return `The node was low on resource: ${resourceOf[signal]}. Threshold quantity: ${text(threshold)}, available: ${text(available)}. `;
};
