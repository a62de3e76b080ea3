/**
 * What a store of the golden data holds: every kind of item that a table can hold, several times. Writers of golden data
 * call this once, at the commit whose format is to be kept; later versions only read what it left.
 *
 * Its dates lie in 2100, so that no engine takes an item's time to live for over.
 */
import type { KubeObject } from '../../functions/kube/object.ts';
import type { Key } from '../../functions/kube/view.ts';
import { takeEpoch } from '../../functions/store/epoch.ts';
import { createStore } from '../../functions/store/create-store.ts';
import { encodeFrames, type ChangeFrame } from '../../functions/store/entry-codec.ts';
import type { Operation, Store, Write } from '../../functions/store/store.ts';
import type { Table } from '../../functions/store/table.ts';
import { virtualWorld } from '../support/virtual-world.ts';

export const goldenStartMs = Date.UTC(2100, 0, 1);
const minuteMs = 60_000;

const names = {
  pods: { apiVersion: 'v1', kind: 'Pod' },
  configmaps: { apiVersion: 'v1', kind: 'ConfigMap' },
  namespaces: { apiVersion: 'v1', kind: 'Namespace' },
  'deployments.apps': { apiVersion: 'apps/v1', kind: 'Deployment' },
  'leases.coordination.k8s.io': { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease' },
  'clusterroles.rbac.authorization.k8s.io': { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole' },
} as const;

type Resource = keyof typeof names;

const keyOf = (resource: Resource, namespace: string, name: string): Key => ({ resource, namespace, name });

function objectAt({ resource, namespace, name }: Key, fields: Record<string, unknown> = {}, labels?: Record<string, string>): KubeObject {
  const place = namespace === '' ? { name } : { name, namespace };
  return {
    ...names[resource as Resource],
    metadata: { ...place, uid: `uid-of-${name}`, ...(labels === undefined ? {} : { labels }) },
    ...fields,
  };
}

const written = (writes: readonly Write[]): Operation<undefined> => ({
  keys: writes.map(({ key }) => key),
  decide: () => ({ outcome: 'write', writes, answer: () => undefined }),
});

/** Text that deflates to about half of itself, from a seed. */
function halfRandomText(length: number, seed: number): string {
  let state = seed;
  const digits = Array.from({ length }, () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return ((state >>> 16) & 15).toString(16);
  });
  return digits.join('');
}

export interface GoldenOptions {
  /** Updates of one lease, a log entry each, so that the log has several segments or buckets. */
  readonly leaseUpdates: number;
  /** Bodies larger than this lie in blobs. */
  readonly inlineBytesMax: number;
}

/** `open` is called several times: each phase is a process of its own. */
export async function fillGolden(open: (world: ReturnType<typeof virtualWorld>) => Table, options: GoldenOptions): Promise<void> {
  const world = virtualWorld(1, goldenStartMs);
  const limits = { inlineBytesMax: options.inlineBytesMax };
  const openStore = async (): Promise<Store> => createStore({ table: open(world), world, limits });
  const first = await openStore();
  await fillFirst(first);
  await tickTwice(first, world);
  await first.close();
  const second = await openStore();
  await changeSome(second);
  for (let step = 0; step < options.leaseUpdates; step += 1) await renewLease(second, step);
  await tickTwice(second, world);
  await changeMore(second);
  await second.close();
  await addByHand(open(world), world.clock.now());
}

/** Two rounds of housekeeping with the compact revision moved in both, so that objects stand in items and tombstones follow. */
async function tickTwice(store: Store, world: ReturnType<typeof virtualWorld>): Promise<void> {
  for (let round = 0; round < 3; round += 1) {
    await world.advance(5 * minuteMs);
    await store.commit(
      written([
        {
          type: round === 0 && store.view().get(tickKey) === undefined ? 'create' : 'update',
          key: tickKey,
          object: objectAt(tickKey, { data: { at: `${world.clock.now()}` } }),
        },
      ]),
    );
    await store.housekeep();
  }
}

const tickKey = keyOf('configmaps', 'kube-system', 'tick');
const leaseKey = keyOf('leases.coordination.k8s.io', 'kube-node-lease', 'node-1');
const blobKey = keyOf('configmaps', 'default', 'in-a-blob');
const blobGoneKey = keyOf('configmaps', 'default', 'in-a-blob-and-deleted');
const largeKey = keyOf('configmaps', 'default', 'three-megabytes');
const podNames = Array.from({ length: 12 }, (_, index) => `web-${index}`);

async function fillFirst(store: Store): Promise<void> {
  const spaces = ['default', 'kube-system', 'kube-node-lease', 'team-a'].map((name) => keyOf('namespaces', '', name));
  await store.commit(written(spaces.map((key) => ({ type: 'create', key, object: objectAt(key, { status: { phase: 'Active' } }) }))));
  // Asked in one breath: one log entry, many operations.
  await Promise.all(
    podNames.map((name, index) => {
      const key = keyOf('pods', index % 2 === 0 ? 'default' : 'team-a', name);
      return store.commit(
        written([{ type: 'create', key, object: objectAt(key, { spec: { nodeName: `node-${index % 3}` } }, { app: 'web' }) }]),
      );
    }),
  );
  for (const name of ['system:controller:a.b', 'ümlaut and space', 'edit']) {
    const key = keyOf('clusterroles.rbac.authorization.k8s.io', '', name);
    await store.commit(written([{ type: 'create', key, object: objectAt(key, { rules: [{ verbs: ['*'] }] }) }]));
  }
  await store.commit(
    written([{ type: 'create', key: largeKey, object: objectAt(largeKey, { data: { text: 'all work and no play. '.repeat(130_000) } }) }]),
  );
  for (const key of [blobKey, blobGoneKey])
    await store.commit(written([{ type: 'create', key, object: objectAt(key, { data: { text: halfRandomText(6000, 1) } }) }]));
  await takeEpoch(store, 'controllers', 'uid-of-the-first-session');
}

async function changeSome(store: Store): Promise<void> {
  for (const name of ['web-0', 'web-2']) {
    const key = keyOf('pods', 'default', name);
    await store.commit(
      written([{ type: 'update', key, object: objectAt(key, { status: { phase: 'Running' } }, { app: 'web', tier: 'front' }) }]),
    );
  }
  await store.commit(
    written([
      { type: 'delete', key: keyOf('pods', 'default', 'web-4') },
      { type: 'delete', key: blobGoneKey },
    ]),
  );
  await store.commit(written([{ type: 'update', key: blobKey, object: objectAt(blobKey, { data: { text: halfRandomText(7000, 2) } }) }]));
  await store.commit(written([{ type: 'create', key: leaseKey, object: objectAt(leaseKey, { spec: { leaseDurationSeconds: 40 } }) }]));
}

async function renewLease(store: Store, step: number): Promise<void> {
  await store.commit(written([{ type: 'update', key: leaseKey, object: objectAt(leaseKey, { spec: { leaseTransitions: step } }) }]));
}

/** Above the compact revision: in the log alone. */
async function changeMore(store: Store): Promise<void> {
  const again = keyOf('pods', 'default', 'web-4');
  const gone = keyOf('pods', 'team-a', 'web-1');
  const deployment = keyOf('deployments.apps', 'team-a', 'web');
  await store.commit(written([{ type: 'create', key: again, object: objectAt(again, {}, { app: 'web' }) }]));
  await store.commit(written([{ type: 'delete', key: gone, object: objectAt(gone, { status: { phase: 'Failed' } }) }]));
  await store.commit(written([{ type: 'create', key: deployment, object: objectAt(deployment, { spec: { replicas: 3 } }) }]));
  await store.commit(written([{ type: 'update', key: blobKey, object: objectAt(blobKey, { data: { text: halfRandomText(8000, 3) } }) }]));
  await takeEpoch(store, 'controllers', 'uid-of-the-second-session');
}

/** What no store writes today, but every version has to read: plain bodies, those of the first dictionary, blobs of several parts. */
async function addByHand(table: Table, writtenMs: number): Promise<void> {
  const entries = await allEntries(table);
  const last = entries.at(-1);
  if (last === undefined) throw new Error('the log is empty');
  const firstRevision = last.firstRevision + last.count;
  const plain = (key: Key, revision: number, text: string): Buffer => {
    const object = objectAt(key, { data: { text } });
    const json = JSON.stringify({ ...object, metadata: { ...object.metadata, resourceVersion: `${revision}` } });
    return Buffer.concat([Buffer.of(0), Buffer.from(json)]);
  };
  const plainKey = keyOf('configmaps', 'default', 'plain');
  const partsKey = keyOf('configmaps', 'default', 'blob-of-three-parts');
  const hash = '0123456789abcdef0123456789abcdef';
  await table.putBlob(hash, plain(partsKey, firstRevision + 1, 'lorem ipsum dolor sit amet, '.repeat(30_000)));
  const reference = Buffer.concat([Buffer.of(255), Buffer.from(hash, 'latin1')]);
  const added = (key: Key, body: Uint8Array): ChangeFrame => ({ type: 'added', key, uid: `uid-of-${key.name}`, previousRevision: 0, body });
  const frames = encodeFrames([added(plainKey, plain(plainKey, firstRevision, 'not compressed')), added(partsKey, reference)]);
  const item = { logIndex: last.logIndex + 1, firstRevision, count: 2, nonce: 'written-by-hand', writtenMs, frames };
  const appended = await table.appendEntry(item, writtenMs);
  if (appended.outcome !== 'written') throw new Error(`the last log entry is ${appended.outcome}`);
  await addBeside(table, writtenMs);
  // As a process leaves it that ends before it gives them a time to expire.
  const meta = await table.readMeta();
  await table.advanceMeta(meta.logIndex, { ...meta, superseded: ['fedcba9876543210fedcba9876543210'] }, writtenMs);
  await table.close();
}

/** What lies beside the log: notes and mail. */
async function addBeside(table: Table, writtenMs: number): Promise<void> {
  const note = (name: string): Buffer => Buffer.from(JSON.stringify({ state: 'asleep', atMs: writtenMs, revision: 7, name }));
  for (const name of ['worker/controllers', 'worker/scheduler'])
    await table.putNote({ shard: 0, name, revision: writtenMs, body: note(name) });
  await table.putNote({ shard: 3, name: 'node-1', revision: 5, body: note('node-1') });
  for (const number of [1, 2, 11])
    await table.putMail({ mailbox: 'node-1/letters', number, expiresMs: writtenMs + 10 * minuteMs, body: Buffer.from(`letter ${number}`) });
}

export async function allEntries(table: Table) {
  const entries = [];
  let after = (await table.readMeta()).logIndex;
  for (;;) {
    const page = await table.readEntries(after);
    entries.push(...page.entries);
    after = entries.at(-1)?.logIndex ?? after;
    if (!page.more) return entries;
  }
}
