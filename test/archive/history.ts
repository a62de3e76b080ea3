/** One history of a store whose archive is written by two processes that fail, and what its past must be. */
import assert from 'node:assert/strict';
import { type Archiver, createArchiver } from '../../functions/archive/archiver.ts';
import { Catalog } from '../../functions/archive/catalog.ts';
import { compact } from '../../functions/archive/compaction.ts';
import { memoryFiles, type MemoryFiles } from '../../functions/archive/memory-files.ts';
import { Past } from '../../functions/archive/past.ts';
import type { PastSnapshot } from '../../functions/archive/past-snapshot.ts';
import type { Retention } from '../../functions/archive/retention.ts';
import type { KubeObject } from '../../functions/kube/object.ts';
import type { Key, View } from '../../functions/kube/view.ts';
import { createStore } from '../../functions/store/create-store.ts';
import { sealedFormats } from '../../functions/store/format.ts';
import { defaultLimits } from '../../functions/store/limits.ts';
import { memoryTable } from '../../functions/store/memory/memory-table.ts';
import { fixedKeyRing } from '../../functions/store/seal.ts';
import type { Store, Write } from '../../functions/store/store.ts';
import { virtualWorld, type VirtualWorld } from '../support/virtual-world.ts';

const minuteMs = 60_000;
const resources = ['configmaps', 'secrets', 'pods'];
const namesMax = 6;
const key32 = new Uint8Array(32).fill(7);

/** What a snapshot shows, in a form that compares. */
type Shown = Readonly<Record<string, KubeObject>>;

export interface Truth {
  readonly revision: number;
  readonly timeMs: number;
  readonly objects: Shown;
}

export const retention: Retention = {
  spans: [
    { from: 'changes', to: 'minutes', olderThanMs: 30 * minuteMs, bucketMs: minuteMs, periodMs: 4 * minuteMs },
    { from: 'minutes', to: 'hours', olderThanMs: 90 * minuteMs, bucketMs: 10 * minuteMs, periodMs: 20 * minuteMs },
  ],
  keptMs: 240 * minuteMs,
};

export function shown(view: View): Shown {
  const objects = resources.flatMap((resource) =>
    view.list(resource).map(({ key, object }) => [`${key.resource} ${key.name}`, object] as const),
  );
  return Object.fromEntries(objects.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

export interface History {
  readonly world: VirtualWorld;
  readonly files: MemoryFiles;
  readonly truths: readonly Truth[];
  /** Reads nothing but the archive. */
  readonly past: Past;
  readonly catalog: Catalog;
  at(timeMs: number): Promise<PastSnapshot>;
}

interface Player {
  readonly world: VirtualWorld;
  readonly store: Store;
  readonly truths: Truth[];
  readonly archivers: readonly Archiver[];
  readonly compactors: readonly Catalog[];
}

const smallLimits = { runChangesMax: 12, runBytesMax: 4000, stateChangesMin: 10, stateChangesPerObject: 1 };

/** Plays so many moves; `faults`: how often a call of the archive's files fails, before or after it was carried out. */
export async function playHistory(seed: number, moves: number, faults = 0.05): Promise<History> {
  const world = virtualWorld(seed);
  const formats = sealedFormats(fixedKeyRing([key32]));
  const table = memoryTable({ clock: world.clock, formats });
  const store = await createStore({ table, world, formats, limits: { inlineBytesMax: 600 } });
  let isFaulty = true;
  const files = memoryFiles(() => {
    if (isFaulty && world.random.next() < faults) throw new Error('the archive does not answer');
  });
  const catalogs = [new Catalog(files), new Catalog(files)];
  const player: Player = {
    world,
    store,
    truths: [],
    archivers: catalogs.map((catalog) =>
      createArchiver({ catalog, table, formats, world, storeLimits: defaultLimits, limits: smallLimits }),
    ),
    compactors: catalogs,
  };
  for (let move = 0; move < moves; move += 1) await play(player);
  isFaulty = false;
  for (const archiver of player.archivers) await archiver.archive(store.view().revision);
  const catalog = new Catalog(files);
  const past = new Past({ catalog, formats });
  return { world, files, truths: player.truths, past, catalog, at: (timeMs) => past.snapshotAt({ timeMs }) };
}

async function play(player: Player): Promise<void> {
  const { world, store, archivers, compactors } = player;
  const chance = world.random.next();
  const process = Math.floor(world.random.next() * archivers.length);
  await world.advance(Math.floor(world.random.next() * 40_000));
  if (chance < 0.8) return commit(player);
  try {
    if (chance < 0.92) await archivers[process]?.archive(store.view().revision - Math.floor(world.random.next() * 4));
    else
      await compact({
        catalog: compactors[process] ?? assert.fail(),
        nowMs: world.clock.now(),
        retention,
        runChangesMax: 30,
        stateChangesMin: 10,
      });
  } catch (error) {
    assert.match(String(error), /does not answer|is gone/);
  }
}

async function commit({ world, store, truths }: Player): Promise<void> {
  const { random } = world;
  const count = 1 + Math.floor(random.next() * 3);
  const keys = Array.from({ length: count }, (): Key => ({
    resource: resources[Math.floor(random.next() * resources.length)] ?? 'pods',
    namespace: 'default',
    name: `n${Math.floor(random.next() * namesMax)}`,
  })).filter((key, index, all) => all.findIndex((other) => other.resource === key.resource && other.name === key.name) === index);
  const uid = random.uuid();
  const text = Buffer.from(random.bytes(Math.floor(random.next() * 1500))).toString('hex');
  const deletes = keys.map(() => random.next() < 0.3);
  await store.commit({
    keys,
    decide(view) {
      const writes = keys.map((key, index): Write => {
        const current = view.get(key);
        if (current !== undefined && deletes[index] === true) return { type: 'delete', key };
        const { name, namespace } = key;
        const object = { metadata: { name, namespace, uid: current?.object.metadata.uid ?? uid }, spec: { text } };
        return { type: current === undefined ? 'create' : 'update', key, object };
      });
      return { outcome: 'write', writes, answer: () => undefined };
    },
  });
  truths.push({ revision: store.view().revision, timeMs: world.clock.now(), objects: shown(store.view()) });
}
