/** What a store promises when bytes of its table are damaged. */
import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { describe } from 'node:test';
import { damageOf, UnreadableObject } from '../../functions/kube/unreadable-object.ts';
import type { Key } from '../../functions/kube/view.ts';
import { DamagedEntry, type Operation } from '../../functions/store/store.ts';
import { compact, Conflict, create, Exists, names, plain, pod, podKey, remove, summary, update } from './cluster.ts';
import type { Fact } from './store.contract.ts';

/** Larger bodies lie in blobs. */
const smallItems = { inlineBytesMax: 300 };

/** As an administrator asks for it: the last state is not needed. */
const deletion = (key: Key): Operation<undefined> => ({
  keys: [key],
  decide: () => ({ outcome: 'write', writes: [{ type: 'delete', key }], answer: () => undefined }),
});

export function damageFacts(name: string, fact: Fact): void {
  describe(`${name}: damaged objects`, () => {
    fact(
      'an object with a damaged body is unreadable alone: all others are read and written',
      async ({ store, world, damage, found, restart }) => {
        for (const name of ['a', 'b']) await store.commit(create(pod(name)));
        await compact(store, world);
        damage.objects.add('a');
        const after = await restart();
        assert.throws(() => after.view().get(podKey('a'))?.object, UnreadableObject);
        assert.equal(after.view().get(podKey('b'))?.object.metadata.name, 'b');
        const updated = await after.commit(update(pod('b', { note: 'goes on' })));
        assert.deepEqual(plain(after.view().get(podKey('b'))!), plain(updated));
        assert.deepEqual(found, ['pods default/a at revision 1']);
        await after.housekeep();
      },
    );

    fact('an object with a damaged body keeps its name taken until it is deleted', async ({ store, world, damage, restart, another }) => {
      await store.commit(create(pod('a')));
      await compact(store, world);
      damage.objects.add('a');
      const after = await restart();
      await assert.rejects(after.commit(create(pod('a'))), Exists);
      await assert.rejects(after.commit(update(pod('a', { note: 'unseen' }), 7)), Conflict);
      const { revision } = after.view();
      await after.commit(deletion(podKey('a')));
      const created = await after.commit(create(pod('a')));
      const [deleted, ...others] = await after.changesAfter(revision, 10);
      assert.deepEqual(
        [deleted, ...others].map((change) => summary(change!)),
        [`${revision + 1} deleted default/a`, `${revision + 2} added default/a`],
      );
      assert.ok(damageOf(deleted!) !== undefined, 'the last state of what was unreadable is unreadable');
      const reader = await another();
      const [seen] = await reader.changesAfter(revision, 1);
      assert.throws(() => seen!.object, UnreadableObject, 'so it is for other processes');
      damage.objects.clear();
      assert.deepEqual(plain((await another()).view().get(podKey('a'))!), plain(created));
    });

    fact('an object with a damaged body can be written anew', async ({ store, world, damage, restart, another }) => {
      await store.commit(create(pod('a')));
      await compact(store, world);
      damage.objects.add('a');
      const after = await restart();
      const written = await after.commit(update(pod('a', { note: 'anew' })));
      assert.deepEqual(plain((await another()).view().get(podKey('a'))!), plain(written));
      await compact(after, world);
      damage.objects.clear();
      assert.deepEqual(plain((await restart()).view().get(podKey('a'))!), plain(written));
    });

    fact(
      'an object with a lost blob is unreadable alone, for a process that starts and for one that follows',
      async ({ store, damage, found, another }) => {
        const follower = await another(smallItems);
        damage.blobs = true;
        const digests = Array.from({ length: 10 }, (_, index) => hash('sha256', `${index}`));
        await store.commit(create(pod('large', { note: digests.join('') })));
        await store.commit(create(pod('b')));
        for (const reader of [await follower.fresh(), (await another(smallItems)).view()]) {
          assert.throws(() => reader.get(podKey('large'))?.object, UnreadableObject);
          assert.equal(reader.get(podKey('b'))?.object.metadata.name, 'b');
        }
        assert.deepEqual(found, ['pods default/large at revision 1', 'pods default/large at revision 1']);
      },
      smallItems,
    );
  });

  describe(`${name}: damaged log entries`, () => {
    const stopped = new DamagedEntry(2, 'its checksum is wrong');

    fact(
      'a damaged entry with an unknown effect stops a process that starts, with its number',
      async ({ store, damage, found, another }) => {
        for (const name of ['a', 'b', 'c']) await store.commit(create(pod(name)));
        damage.entries.add(2);
        await assert.rejects(another(), stopped);
        assert.deepEqual(found, [stopped.message]);
        damage.entries.clear();
        assert.deepEqual(names((await another()).view().list('pods')), ['a', 'b', 'c']);
      },
    );

    fact('a damaged entry stops no process when later entries replaced all that it changed', async ({ store, damage, another }) => {
      await store.commit(create(pod('a')));
      await Promise.all([store.commit(update(pod('a', { note: 'lost' }))), store.commit(create(pod('b')))]);
      await store.commit(update(pod('b', { note: 'last' })));
      damage.entries.add(2);
      await assert.rejects(another(), stopped);
      const last = await store.commit(update(pod('a', { note: 'last' })));
      const reader = await another();
      assert.equal(reader.view().revision, last.revision);
      assert.deepEqual(reader.view().list('pods').map(plain), store.view().list('pods').map(plain));
      await assert.rejects(reader.changesAfter(1, 10), { code: 'compacted' });
      const next = await reader.commit(create(pod('c')));
      assert.deepEqual(plain((await store.fresh()).get(podKey('c'))!), plain(next));
    });

    fact('a damaged entry that deleted an object stops no process once the object is there again', async ({ store, damage, another }) => {
      await store.commit(create(pod('a')));
      await store.commit(remove(podKey('a')));
      damage.entries.add(2);
      await store.commit(create(pod('b')));
      await assert.rejects(another(), stopped);
      const again = await store.commit(create(pod('a')));
      assert.deepEqual(plain((await another()).view().get(podKey('a'))!), plain(again));
    });

    fact('a process that has read a damaged entry writes its effect down: others start then', async ({ store, world, damage, another }) => {
      for (const name of ['a', 'b']) await store.commit(create(pod(name)));
      await store.commit(create(pod('gone')));
      await compact(store, world);
      await store.commit(remove(podKey('gone')));
      await store.commit(update(pod('b', { note: 'changed' })));
      // Each entry has held one revision so far.
      damage.entries.add(store.view().revision - 1);
      await assert.rejects(another(), DamagedEntry);
      await compact(store, world);
      const reader = await another();
      assert.deepEqual(reader.view().list('pods').map(plain), store.view().list('pods').map(plain));
      assert.equal(reader.view().get(podKey('gone')), undefined);
    });

    fact(
      'a process that stops at a damaged entry goes on when another one has written its effect down',
      async ({ store, world, damage, found, another }) => {
        await store.commit(create(pod('a')));
        const follower = await another();
        await store.commit(create(pod('b')));
        damage.entries.add(2);
        await assert.rejects(follower.fresh(), stopped);
        await assert.rejects(follower.fresh(), stopped);
        assert.deepEqual(found, [stopped.message], 'each damaged entry is reported once');
        await assert.rejects(follower.commit(create(pod('c'))), stopped);
        assert.deepEqual(names(follower.view().list('pods')), ['a'], 'what it shows is what it knew');
        await compact(store, world);
        assert.deepEqual((await follower.fresh()).list('pods').map(plain), store.view().list('pods').map(plain));
        await follower.commit(create(pod('c')));
      },
    );
  });
}
