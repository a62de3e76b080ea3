import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Container, Pod } from '../../functions/kube/generated/types.ts';
import { pod } from '../../test/support/node-pod.ts';
import { virtualWorld } from '../../test/support/virtual-world.ts';
import type { PodStorage, UsageMeter } from '../usage/usage-meter.ts';
import { createEvictor } from './evictor.ts';
import { inOrderOfEviction } from './ranking.ts';
import { hasStorageLimit, storageExcess } from './storage-limits.ts';
import { shortages, thresholdsOf, type EvictionSettings, type Observations } from './thresholds.ts';

const MiB = 1024 ** 2;
const GiB = 1024 ** 3;
const plenty = { available: 50 * GiB, capacity: 100 * GiB };
const observations = (more: Partial<Observations> = {}): Observations => ({
  'memory.available': plenty,
  'nodefs.available': plenty,
  'nodefs.inodesFree': plenty,
  'imagefs.available': plenty,
  'imagefs.inodesFree': plenty,
  'pid.available': plenty,
  ...more,
});

test('a threshold is an amount or a share of all there is', () => {
  const found = shortages(
    observations({
      'memory.available': { available: 99 * MiB, capacity: GiB },
      'nodefs.available': { available: 9 * GiB, capacity: 100 * GiB },
      'imagefs.available': { available: 15 * GiB, capacity: 100 * GiB },
      'imagefs.inodesFree': { available: 0, capacity: 0 },
    }),
    thresholdsOf({}),
  );
  assert.deepEqual(
    found.map(({ signal, threshold }) => [signal, threshold]),
    [
      ['memory.available', 100 * MiB],
      ['nodefs.available', 10 * GiB],
    ],
  );
});

const main = (resources: Container['resources'] = {}): Container => ({ name: 'main', image: 'i', resources });

describe('who goes first', () => {
  const candidate = (name: string, used: number, more: object) => ({ pod: pod(more, { name, uid: name }), used, containers: [] });
  const asks = (memory: string) => ({ containers: [main({ requests: { memory } })] });
  test('pods above their requests go first, then the less important, then those furthest above; critical pods stay', () => {
    const order = inOrderOfEviction(
      [
        candidate('modest', 10 * MiB, { ...asks('20Mi') }),
        candidate('important', 90 * MiB, { ...asks('10Mi'), priority: 10 }),
        candidate('large', 80 * MiB, { ...asks('10Mi') }),
        candidate('larger', 200 * MiB, { ...asks('10Mi') }),
        candidate('critical', 900 * MiB, { ...asks('10Mi'), priority: 2_000_001_000 }),
      ],
      'memory',
    );
    assert.deepEqual(
      order.map(({ pod: { metadata } }) => metadata.name),
      ['larger', 'large', 'important', 'modest'],
    );
  });
});

const usage = (usedBytes: number) => ({ usedBytes, inodesUsed: 1 });
const storage = ({ rootfs = 0, logs = 0, volume = 0 }): PodStorage => ({
  rootfs: new Map([['main', usage(rootfs)]]),
  logs: new Map([['main', usage(logs)]]),
  volumes: [{ name: 'cache', ...usage(volume), fileSystem: undefined, isEphemeral: true }],
  ephemeral: usage(rootfs + logs + volume),
});

describe('a pod that keeps too much on the disk', () => {
  const cache = { name: 'cache', emptyDir: { sizeLimit: '5Mi' } };
  const limited = pod({ containers: [main({ limits: { 'ephemeral-storage': '10Mi' } })], volumes: [cache] });
  const cases: readonly [what: string, used: PodStorage, why: string | undefined][] = [
    ['stays within its limits', storage({ rootfs: 4 * MiB, logs: 1 * MiB, volume: 5 * MiB }), undefined],
    ['in a volume', storage({ volume: 5 * MiB + 1 }), 'Usage of EmptyDir volume "cache" exceeds the limit "5Mi". '],
    [
      'in all',
      storage({ rootfs: 6 * MiB, volume: 5 * MiB }),
      'Pod ephemeral local storage usage exceeds the total limit of containers 10Mi. ',
    ],
  ];
  for (const [what, used, why] of cases)
    test(`what a pod keeps on the disk: ${what}`, () => assert.equal(storageExcess(limited, used), why));

  const limits: readonly [what: string, of: Pod, hasLimit: boolean][] = [
    ['no limit', pod({}), false],
    ['a volume without a limit', pod({ volumes: [{ name: 'cache', emptyDir: {} }] }), false],
    ['a volume of limited size', pod({ volumes: [cache] }), true],
    ['a limited container', pod({ containers: [main({ limits: { 'ephemeral-storage': '10Mi' } })] }), true],
    ['a limit of memory', pod({ containers: [main({ limits: { memory: '10Mi' } })] }), false],
  ];
  for (const [what, of, hasLimit] of limits)
    test(`the storage of a pod is measured where it has a limit: ${what}`, () => assert.equal(hasStorageLimit(of), hasLimit));

  test('a pod that keeps too much on the disk is evicted for one of its containers too', () => {
    const other = { ...main({ limits: { 'ephemeral-storage': '50Mi' } }), name: 'other' };
    const two = pod({ containers: [main({ limits: { 'ephemeral-storage': '10Mi' } }), other] });
    assert.equal(
      storageExcess(two, storage({ rootfs: 9 * MiB, logs: 2 * MiB })),
      'Container main exceeded its local ephemeral storage limit "10Mi". ',
    );
  });
});

/** A node with two pods, and a memory that the test sets. */
function node(settings: EvictionSettings = {}, ...more: readonly Pod[]) {
  const world = virtualWorld();
  const evicted: [string, string][] = [];
  const graces: number[] = [];
  const events: string[] = [];
  let availableBytes = GiB;
  let diskBytes = 50 * GiB;
  let imagesFreed = 0;
  const pods: Pod[] = ['small', 'large'].map((name) => pod({}, { name, uid: name })).concat(more);
  const isThere = ({ metadata }: Pod): boolean => !evicted.some(([uid]) => uid === metadata.uid);
  const disk = () => ({ availableBytes: diskBytes, capacityBytes: 100 * GiB, usedBytes: 0, inodes: 0, inodesFree: 0, inodesUsed: 0 });
  const meter = {
    node: async () => ({
      machine: { memoryCapacityBytes: 8 * GiB, workingSetBytes: 8 * GiB - availableBytes, processes: 1, processesMax: 10 },
    }),
    disks: async () => ({ root: disk(), images: disk() }),
    storage: async () => new Map(),
    storageOf: async (measured: readonly Pod[]) => new Map(measured.map((of) => [of.metadata.uid, storage({ logs: 11 * MiB })])),
    pods: async () =>
      pods.map((one, index) => {
        const used = { workingSetBytes: (index + 1) * 100 * MiB, processes: 1 };
        return { pod: one, usage: used, containers: [{ name: 'main', usage: used }] };
      }),
  } as unknown as UsageMeter;
  const evictor = createEvictor({
    world,
    meter,
    settings,
    onShortage: (message) => void events.push(message),
    pods: {
      all: () => pods.filter(isThere),
      end: (uid, { message, graceSeconds }) => {
        evicted.push([uid, message]);
        graces.push(graceSeconds);
      },
    },
    freeImages: async () => {
      imagesFreed += 1;
      diskBytes = 50 * GiB;
    },
  });
  const set = (next: { readonly memory?: number; readonly disk?: number }): void => {
    availableBytes = next.memory ?? availableBytes;
    diskBytes = next.disk ?? diskBytes;
  };
  return { world, evictor, evicted, graces, events, set, imagesFreed: () => imagesFreed };
}

describe('a node', () => {
  test('a node with enough of everything ends no pod and reports nothing', async () => {
    const { evictor, evicted } = node();
    await evictor.check();
    assert.deepEqual([evicted, [...evictor.pressures()]], [[], []]);
  });

  test('a node with enough of everything ends only the pod whose files exceed its limit', async () => {
    const limited = pod({ containers: [main({ limits: { 'ephemeral-storage': '10Mi' } })] }, { name: 'limited', uid: 'limited' });
    const { evictor, evicted } = node({}, limited);
    await evictor.check();
    assert.deepEqual(evicted, [['limited', 'Pod ephemeral local storage usage exceeds the total limit of containers 10Mi. ']]);
  });

  test('a node short of memory ends one pod at a time, and reports pressure for five minutes after the last', async () => {
    const { world, evictor, evicted, set } = node();
    set({ memory: 50 * MiB });
    await evictor.check();
    const shortage = 'The node was low on resource: memory. Threshold quantity: 100Mi, available: 50Mi. ';
    assert.deepEqual(evicted, [['large', `${shortage}Container main was using 200Mi, request is 0, has larger consumption of memory. `]]);
    set({ memory: GiB });
    await evictor.check();
    assert.equal(evicted.length, 1);
    await world.advance(299_000);
    assert.deepEqual([...evictor.pressures()], ['MemoryPressure']);
    await world.advance(1000);
    assert.deepEqual([...evictor.pressures()], []);
  });

  test('a node short of disk removes images first, and no pod where that was enough', async () => {
    const { evictor, evicted, set, imagesFreed } = node();
    set({ disk: GiB });
    await evictor.check();
    assert.deepEqual([evicted, imagesFreed(), [...evictor.pressures()]], [[], 1, ['DiskPressure']]);
  });

  test('a node softly short of memory waits for the grace, and gives the pod time to end', async () => {
    const settings: EvictionSettings = {
      evictionSoft: { 'memory.available': '500Mi' },
      evictionSoftGracePeriod: { 'memory.available': '1m30s' },
      evictionMaxPodGracePeriod: 20,
    };
    const { world, evictor, evicted, graces, events, set } = node(settings);
    set({ memory: 400 * MiB });
    await evictor.check();
    await world.advance(89_000);
    await evictor.check();
    assert.deepEqual([evicted, events, [...evictor.pressures()]], [[], [], ['MemoryPressure']]);
    await world.advance(1000);
    await evictor.check();
    assert.deepEqual([evicted.map(([uid]) => uid), graces, events], [['large'], [20], ['Attempting to reclaim memory']]);
  });

  test('a node that was well again in between waits anew', async () => {
    const settings = { evictionSoft: { 'memory.available': '500Mi' }, evictionSoftGracePeriod: { 'memory.available': '1m' } };
    const { world, evictor, evicted, set } = node(settings);
    for (const memory of [400 * MiB, GiB, 400 * MiB]) {
      set({ memory });
      await evictor.check();
      await world.advance(50_000);
    }
    await evictor.check();
    assert.deepEqual(evicted, []);
  });

  test('a node goes on until as much more is free as is to be reclaimed', async () => {
    const { evictor, evicted, set } = node({ evictionMinimumReclaim: { 'memory.available': '100Mi' } });
    for (const memory of [50 * MiB, 150 * MiB, 250 * MiB]) {
      set({ memory });
      await evictor.check();
    }
    assert.deepEqual(
      evicted.map(([uid]) => uid),
      ['large', 'small'],
    );
  });
});

test('a soft threshold needs a grace', () => {
  const settings = { evictionSoft: { 'pid.available': '10%' } };
  assert.throws(() => thresholdsOf(settings), /^Error: grace period must be specified for the soft eviction threshold pid.available$/);
});
