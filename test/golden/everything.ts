/** All that can be read out of a table, as JSON: what golden data is compared by. */
import { createHash } from 'node:crypto';
import type { KubeObject } from '../../functions/kube/object.ts';
import { createStore } from '../../functions/store/create-store.ts';
import type { Store } from '../../functions/store/store.ts';
import type { MetaItem, Table } from '../../functions/store/table.ts';
import { virtualWorld } from '../support/virtual-world.ts';
import { summary } from '../contract/cluster.ts';
import { goldenStartMs } from './content.ts';

const resources = [
  'pods',
  'configmaps',
  'namespaces',
  'deployments.apps',
  'leases.coordination.k8s.io',
  'clusterroles.rbac.authorization.k8s.io',
  'epochs.hibernetes.dev',
];
const shards = [0, 1, 2, 3];
const mailboxes = ['node-1/letters', 'node-2/letters'];
/** Longer texts are shown by their hash. */
const textMax = 1000;
const hourMs = 60 * 60_000;

/** Opens a table as a process does that starts soon after the golden data was written. */
export async function everythingIn(open: () => Table): Promise<unknown> {
  const world = virtualWorld(2, goldenStartMs + hourMs);
  const beside = await readBeside(open());
  const store = await createStore({ table: open(), world });
  try {
    return { ...beside, ...(await readStore(store)) };
  } finally {
    await store.close();
  }
}

async function readStore(store: Store) {
  const view = store.view();
  const atCompactRevision = await store.at(store.compactRevision());
  const objects = resources.flatMap((resource) =>
    view.list(resource).map(({ revision, object }) => ({ resource, revision, object: shortened(object) })),
  );
  return {
    revision: view.revision,
    floor: store.compactRevision(),
    objects,
    atFloor: resources.flatMap((resource) =>
      atCompactRevision.list(resource).map(({ key, revision }) => `${revision} ${resource} ${key.namespace}/${key.name}`),
    ),
    changes: (await store.changesAfter(store.compactRevision(), Number.POSITIVE_INFINITY)).map((change) => ({
      change: summary(change),
      ...(change.previous === undefined ? {} : { previous: change.previous }),
    })),
  };
}

async function readBeside(table: Table) {
  try {
    const notes = (await Promise.all(shards.map((shard) => table.readNotes(shard)))).flat();
    const mail = (await Promise.all(mailboxes.map((mailbox) => table.readMail(mailbox, 0)))).flat();
    const tombstones = (await table.readObjects()).filter(({ body }) => body === undefined);
    return {
      watermark: watermarkOf(await table.readMeta()),
      tombstones: tombstones.map(({ resource, namespace, name, revision }) => `${revision} ${resource} ${namespace}/${name}`).toSorted(),
      leases: notes.map((item) => ({ ...item, body: text(item.body) })),
      mail: mail.map((item) => ({ ...item, body: text(item.body) })),
      newestMail: (await table.readNewestMail(mailboxes[0] ?? ''))?.number,
    };
  } finally {
    await table.close();
  }
}

/** Golden files keep the names `slot`, `floor` and `leases`. The code has: log index, compact revision, notes. */
function watermarkOf({ logIndex: slot, passed, ...rest }: MetaItem) {
  if (passed === undefined) return { slot, ...rest };
  return { slot, ...rest, passed: { slot: passed.logIndex, revision: passed.revision, atMs: passed.atMs } };
}

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();

function shortened(object: KubeObject): unknown {
  return JSON.parse(JSON.stringify(object), (_key, value: unknown) => {
    if (typeof value !== 'string' || value.length <= textMax) return value;
    return { length: value.length, sha256: createHash('sha256').update(value).digest('hex') };
  });
}
