/**
 * Keeps the node alive where it runs short of memory, disk or processes: it reports the pressure, frees disk by unused images,
 * and then ends one pod at a time. Pods that keep more on the disk than they may go at once.
 * Source: pkg/kubelet/eviction/eviction_manager.go
 */
import type { Pod } from '../../functions/kube/generated/types.ts';
import { uidOf } from '../../functions/kube/object.ts';
import { parseDuration } from '../../functions/kube/duration.ts';
import { formatQuantity } from '../../functions/kube/quantity.ts';
import type { World } from '../../functions/world.ts';
import { graceWithin, hardEvictionSeconds, type NodeEnding } from '../pods/node-ending.ts';
import { isTerminalPhase } from '../pods/pod-facts.ts';
import { repeat } from '../repeat.ts';
import type { PodStorage, UsageMeter } from '../usage/usage-meter.ts';
import { inOrderOfEviction, isCritical, largeContainers, type Candidate } from './ranking.ts';
import { hasStorageLimit, storageExcess } from './storage-limits.ts';
import {
  isOfDisk,
  pressureOf,
  resourceOf,
  shortageMessage,
  shortages,
  thresholdsOf,
  type EvictionSettings,
  type Observations,
  type PressureType,
  type Shortage,
  type Threshold,
} from './thresholds.ts';

export interface EvictablePods {
  all(): readonly Pod[];
  /** Ends the pod for good. */
  end(podUid: string, ending: NodeEnding): void;
}

export interface EvictorOptions {
  readonly world: World;
  readonly pods: EvictablePods;
  readonly meter: UsageMeter;
  readonly settings?: EvictionSettings | undefined;
  /** An event of the node: it frees what it is short of. */
  readonly onShortage: (message: string) => void;
  /** Removes every image that no container uses. */
  readonly freeImages: () => Promise<void>;
}

export interface Evictor {
  /** What the node is short of now, or was a moment ago. */
  pressures(): ReadonlySet<PressureType>;
  /** Resolves when the signal aborts. */
  run(signal: AbortSignal): Promise<void>;
  /** Measures the node once, and ends pods where it is short of something. */
  check(): Promise<void>;
}

const checkMs = 10_000;
/** A condition stays this long after the last shortage, so that pods do not come back at once. */
const transitionDefault = '5m';

async function observe(meter: UsageMeter): Promise<Observations> {
  const [{ machine }, { root, images }] = await Promise.all([meter.node(), meter.disks()]);
  const { memoryCapacityBytes, workingSetBytes, processes, processesMax } = machine;
  return {
    'memory.available': { available: Math.max(0, memoryCapacityBytes - workingSetBytes), capacity: memoryCapacityBytes },
    'nodefs.available': { available: root.availableBytes, capacity: root.capacityBytes },
    'nodefs.inodesFree': { available: root.inodesFree, capacity: root.inodes },
    'imagefs.available': { available: images.availableBytes, capacity: images.capacityBytes },
    'imagefs.inodesFree': { available: images.inodesFree, capacity: images.inodes },
    'pid.available': { available: Math.max(0, processesMax - processes), capacity: processesMax },
  };
}

export function createEvictor({ world, pods, meter, settings = {}, freeImages, onShortage }: EvictorOptions): Evictor {
  const thresholds = thresholdsOf(settings);
  const transitionMs = parseDuration(settings.evictionPressureTransitionPeriod ?? transitionDefault);
  const shortAtMs = new Map<PressureType, number>();
  let firstAtMs: ReadonlyMap<Threshold, number> = new Map();
  let open: ReadonlySet<Threshold> = new Set();

  const active = (): readonly Pod[] => pods.all().filter(({ status }) => !isTerminalPhase(status?.phase));

  /** Whether one went for it. */
  const enforceLimits = async (): Promise<boolean> => {
    const limited = active().filter((pod) => hasStorageLimit(pod) && !isCritical(pod));
    if (limited.length === 0) return false;
    const storage = await meter.storageOf(limited);
    let hasEvicted = false;
    for (const pod of limited) {
      const used = storage.get(uidOf(pod));
      const why = used === undefined ? undefined : storageExcess(pod, used);
      if (why === undefined) continue;
      pods.end(uidOf(pod), { reason: 'Evicted', message: why, graceSeconds: hardEvictionSeconds });
      hasEvicted = true;
    }
    return hasEvicted;
  };

  /** What pods have to go for: a soft shortage that has lasted. */
  const measure = async (): Promise<readonly Shortage[]> => {
    const found = shortages(await observe(meter), thresholds, open);
    const nowMs = world.clock.now();
    for (const { signal } of found) shortAtMs.set(pressureOf[signal], nowMs);
    const before = firstAtMs;
    firstAtMs = new Map(found.map(({ of }) => [of, before.get(of) ?? nowMs]));
    const due = found.filter(({ of }) => nowMs - (firstAtMs.get(of) ?? nowMs) >= of.graceMs);
    open = new Set(due.map(({ of }) => of));
    return due;
  };

  const evictOne = async (shortage: Shortage): Promise<void> => {
    const running = new Set(active().map(uidOf));
    const candidates = (await candidatesFor(meter, shortage)).filter(({ pod }) => running.has(uidOf(pod)));
    const resource = resourceOf[shortage.signal];
    const text = (amount: number): string => formatQuantity(BigInt(Math.ceil(amount / 1024)) * 1024n * 1_000_000_000n, 'BinarySI');
    const [first] = inOrderOfEviction(candidates, resource);
    if (first === undefined) {
      world.log.warn('the node is short of something, and no pod can be evicted', { resource });
      return;
    }
    const message = `${shortageMessage(shortage)}${largeContainers(first, resource, text)}`;
    const softSeconds = graceWithin(first.pod, settings.evictionMaxPodGracePeriod ?? 0);
    pods.end(uidOf(first.pod), { reason: 'Evicted', message, graceSeconds: shortage.of.graceMs === 0 ? hardEvictionSeconds : softSeconds });
  };

  const check = async (): Promise<void> => {
    if (await enforceLimits()) return;
    let found = await measure();
    if (found[0] !== undefined) onShortage(`Attempting to reclaim ${resourceOf[found[0].signal]}`);
    if (found.some(isOfDisk)) {
      await freeImages();
      found = await measure();
    }
    if (found[0] !== undefined) await evictOne(found[0]);
  };

  return {
    pressures() {
      const nowMs = world.clock.now();
      return new Set([...shortAtMs].filter(([, atMs]) => nowMs - atMs < transitionMs).map(([type]) => type));
    },
    check,
    run: (signal) => repeat(world, { periodMs: checkMs, what: 'what the node is short of' }, signal, check),
  };
}

async function candidatesFor(meter: UsageMeter, { signal }: Shortage): Promise<readonly Candidate[]> {
  if (signal === 'memory.available' || signal === 'pid.available') {
    const measured = await meter.pods();
    const isMemory = signal === 'memory.available';
    return measured.map(({ pod, usage, containers }) => ({
      pod,
      used: (isMemory ? usage?.workingSetBytes : usage?.processes) ?? 0,
      containers: containers.map(({ name, usage: own }) => ({ name, used: isMemory ? own.workingSetBytes : own.processes })),
    }));
  }
  const [storage, measured] = await Promise.all([meter.storage(), meter.pods()]);
  const field = signal.endsWith('inodesFree') ? 'inodesUsed' : 'usedBytes';
  return measured.map(({ pod }) => {
    const own: PodStorage | undefined = storage.get(uidOf(pod));
    const containers = [...(own?.rootfs ?? [])].map(([name, layer]) => ({
      name,
      used: layer[field] + (own?.logs.get(name)?.[field] ?? 0),
    }));
    return { pod, used: own?.ephemeral[field] ?? 0, containers };
  });
}
