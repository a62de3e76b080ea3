/** Tunnels through the table: who may read and write, what goes wrong on the way, what is left, and what it costs. */
import assert from 'node:assert/strict';
import type { Duplex } from 'node:stream';
import { describe, test } from 'node:test';
import type { Mail } from '../../functions/apiserver/relay/mailbox.ts';
import { entriesPath } from '../../functions/node-protocol/node-poll.ts';
import { StatusError } from '../../functions/kube/status-error.ts';
import type { MailItem } from '../../functions/store/table.ts';
import { meteredTable } from '../../infra/cost/metered-table.ts';
import { Meter } from '../../infra/cost/usage.ts';
import { hear, inTime, noise } from '../contract/tunnel.contract.ts';
import { type MailSetup, mailSetup, type MailSetupOptions, nodeUser, socketPair } from '../support/tunnel-setups.ts';
import { seededRandom, virtualWorld } from '../support/virtual-world.ts';

const target = { to: 'port', host: '10.0.0.7', port: 80 } as const;
const stays = new AbortController().signal;

async function opened(options: MailSetupOptions = {}): Promise<{ setup: MailSetup; caller: Duplex; server: Duplex }> {
  const setup = await mailSetup(options);
  const [near, server] = socketPair();
  setup.reaches(near);
  server.on('error', () => undefined);
  const caller = await inTime(setup, setup.tunnels.open({ nodeName: 'a', target }, stays));
  return { setup, caller, server };
}

/** Remembers what was put. */
function remembering(items: MailItem[]): NonNullable<MailSetupOptions['mail']> {
  return (table) => ({
    putMail: (item) => {
      items.push(item);
      return table.putMail(item);
    },
    readMail: (mailbox, after) => table.readMail(mailbox, after),
    readNewestMail: (mailbox) => table.readNewestMail(mailbox),
  });
}

const exchanged = async (setup: MailSetup, [one, other]: readonly [Duplex, Duplex]): Promise<void> => {
  const [atOne, atOther] = [hear(one), hear(other)];
  one.end('question');
  other.end('answer');
  await setup.world.advance(2_000);
  assert.deepEqual([atOne.bytes.toString(), atOther.bytes.toString(), atOne.end, atOther.end], ['answer', 'question', 'ended', 'ended']);
};

describe('the mailboxes of a tunnel', () => {
  const user = { name: 'ann', groups: ['system:authenticated'] };

  test('the mailboxes of a tunnel are not there for other nodes and for users, who know all but the credentials', async () => {
    const items: MailItem[] = [];
    const { setup, caller, server } = await opened({ mail: remembering(items) });
    const [nodeName, by, id] = items[0]!.mailbox.split('/') as [string, string, string];
    assert.deepEqual([nodeName, by], ['a', 'api']);
    const forged = Buffer.from('forged');
    const refused = async (work: Promise<Response>): Promise<void> => assert.rejects(work, { code: 404 });
    await refused(setup.ask(nodeUser('b'), 'POST', `${entriesPath('relays', id)}?caller=api&number=2`, forged));
    await refused(setup.ask(user, 'POST', `${entriesPath('relays', id)}?caller=api&number=2`, forged));
    await refused(setup.ask(user, 'POST', `${entriesPath('tunnels', id)}?node=a&number=2`, forged));
    await refused(setup.ask(user, 'GET', `${entriesPath('tunnels', id)}?node=a&after=0`));
    await refused(setup.ask(nodeUser('a'), 'GET', `${entriesPath('tunnels', id)}?node=a&after=0`));
    await exchanged(setup, [caller, server]);
    await setup.close();
  });

  test('the mailboxes of a tunnel hold nothing that can be read without the key', async () => {
    const items: MailItem[] = [];
    const { setup, caller, server } = await opened({ mail: remembering(items) });
    await exchanged(setup, [caller, server]);
    const all = Buffer.concat(items.map(({ body }) => body)).toString('latin1');
    for (const text of ['question', 'answer', '10.0.0.7']) assert.ok(!all.includes(text), text);
    await setup.close();
  });

  test('the mailboxes of a tunnel are gone an hour after the last word', async () => {
    const items: MailItem[] = [];
    const { setup, caller, server } = await opened({ mail: remembering(items) });
    await exchanged(setup, [caller, server]);
    const lastMs = setup.world.clock.now();
    const mailboxes = [...new Set(items.map(({ mailbox }) => mailbox))];
    assert.equal(mailboxes.length, 3);
    assert.ok(items.every(({ expiresMs }) => expiresMs <= lastMs + 3_600_000));
    setup.killNode();
    await setup.world.advance(3_600_001);
    await setup.table.prune({ logIndex: 0, revision: 0, beforeMs: setup.world.clock.now() });
    for (const mailbox of mailboxes) assert.deepEqual(await setup.table.readMail(mailbox, 0), []);
    await setup.close();
  });

  test('the mailboxes of a tunnel are read no more after both ends have ended; the agent stops listening a minute later', async () => {
    let reads = 0;
    const mail = (table: Mail): Mail => ({
      putMail: (item) => table.putMail(item),
      readNewestMail: (mailbox) => table.readNewestMail(mailbox),
      readMail(mailbox, after) {
        reads += 1;
        return table.readMail(mailbox, after);
      },
    });
    const { setup, caller, server } = await opened({ mail });
    await exchanged(setup, [caller, server]);
    await setup.world.advance(5_000);
    const [before, requests] = [reads, setup.requests()];
    await setup.world.advance(600_000);
    assert.deepEqual([reads, setup.requests()], [before, requests]);
    await setup.close();
  });
});

describe('a tunnel by mail', () => {
  test('a tunnel by mail is opened without waiting for a poll at a node that listens', async () => {
    const setup = await mailSetup({ pollMs: 3_600_000 });
    setup.listens(true);
    await setup.world.advance(1_000);
    const [near] = socketPair();
    setup.reaches(near);
    const startMs = setup.world.clock.monotonicMs();
    const caller = await inTime(setup, setup.tunnels.open({ nodeName: 'a', target }, stays));
    const waitedMs = setup.world.clock.monotonicMs() - startMs;
    assert.ok(waitedMs <= 1_500, `${waitedMs} ms`);
    caller.destroy();
    await setup.close();
  });

  test('a tunnel by mail goes on when the answer that the agent listens to comes to its end', async () => {
    const { setup, caller, server } = await opened({ secondsMax: 30 });
    const heard = hear(server);
    let sent = '';
    for (let second = 0; second < 120; second += 1) {
      sent += `${second},`;
      caller.write(`${second},`);
      await setup.world.advance(1_000);
    }
    await setup.world.advance(2_000);
    assert.equal(heard.bytes.toString(), sent);
    assert.ok(setup.requests() > 4, `${setup.requests()} requests`);
    caller.destroy();
    await setup.close();
  });

  test('a shell in a container echoes typed text within a quarter of a second', async () => {
    const { setup, caller, server } = await opened();
    server.pipe(server);
    const heard = hear(caller);
    const delays: number[] = [];
    for (let key = 1; key <= 50; key += 1) {
      caller.write('k');
      const startMs = setup.world.clock.monotonicMs();
      for (let step = 0; step < 200 && heard.bytes.length < key; step += 1) await setup.world.advance(10);
      delays.push(setup.world.clock.monotonicMs() - startMs);
      await setup.world.advance(100 + (key % 5) * 60);
    }
    const middle = delays.toSorted((a, b) => a - b)[25]!;
    assert.ok(middle <= 250, `${middle} ms`);
    caller.destroy();
    await setup.close();
  });

  test('a tunnel by mail is refused to a client when the node runs as many as it can', async () => {
    const setup = await mailSetup();
    setup.reaches(new StatusError(503, 'ServiceUnavailable', 'the node carries 1000 tunnels, which is all it can'));
    const opening = inTime(setup, setup.tunnels.open({ nodeName: 'a', target }, stays));
    await assert.rejects(opening, { code: 503, message: 'the node carries 1000 tunnels, which is all it can' });
    await setup.close();
  });
});

/** A table that loses, repeats, changes and hides entries now and then. */
function faulty(
  seed: number,
  share: number,
  kinds: readonly ('lost' | 'changed' | 'unknown' | 'hidden' | 'stale')[],
): NonNullable<MailSetupOptions['mail']> {
  const random = seededRandom(seed);
  const isNow = (): boolean => random.next() < share;
  const kind = (): string => kinds[Math.floor(random.next() * kinds.length)]!;
  return (table) => {
    const last = new Map<string, Uint8Array>();
    return {
      async putMail(item) {
        const what = item.mailbox.endsWith('/terms') || !isNow() ? '' : kind();
        const stale = last.get(item.mailbox) ?? item.body;
        last.set(item.mailbox, item.body);
        if (what === 'lost') return 'written';
        const body = Buffer.from(what === 'stale' ? stale : item.body);
        const at = Math.floor(random.next() * body.length);
        if (what === 'changed') body[at] = body[at]! ^ 1;
        const outcome = await table.putMail({ ...item, body });
        return what === 'unknown' ? 'unknown' : outcome;
      },
      async readMail(mailbox, after) {
        const items = await table.readMail(mailbox, after);
        // The first is not to be seen yet, or all come in another order.
        return kinds.includes('hidden') && !mailbox.endsWith('/terms') && isNow() ? items.slice(1).toReversed() : items;
      },
      readNewestMail: (mailbox) => table.readNewestMail(mailbox),
    };
  };
}

describe('what a table does to entries', () => {
  async function chaos(seed: number, kinds: Parameters<typeof faulty>[2]): Promise<readonly string[]> {
    const setup = await mailSetup({ world: virtualWorld(seed), mail: faulty(seed, 0.3, kinds) });
    const [near, server] = socketPair();
    setup.reaches(near);
    server.on('error', () => undefined);
    const [asked, answered] = [noise(900_000, seed), noise(1_500_000, seed + 100)];
    const atServer = hear(server);
    server.end(answered);
    const opening = setup.tunnels.open({ nodeName: 'a', target }, stays);
    const caller = await inTime(
      setup,
      opening.catch(() => undefined),
    );
    if (caller === undefined) return ['refused'];
    const atCaller = hear(caller);
    caller.end(asked);
    for (let second = 0; second < 200 && [atCaller, atServer].some(({ end }) => end === 'open'); second += 1)
      await setup.world.advance(1_000);
    for (const [heard, sent] of [
      [atCaller, answered],
      [atServer, asked],
    ] as const) {
      assert.notEqual(heard.end, 'open', `seed ${seed}: one end waits for ever`);
      assert.ok(sent.subarray(0, heard.bytes.length).equals(heard.bytes), `seed ${seed}: other bytes than were sent`);
      if (heard.end === 'ended') assert.equal(heard.bytes.length, sent.length, `seed ${seed}: an end in the middle`);
    }
    await setup.close();
    return [atCaller.end, atServer.end];
  }

  test('makes no difference when it repeats itself, hides or reorders them', async () => {
    for (let seed = 1; seed <= 4; seed += 1) assert.deepEqual(await chaos(seed, ['unknown', 'hidden']), ['ended', 'ended']);
  });

  test('makes an error or the right bytes when it loses, changes or exchanges them', async () => {
    const ends: string[] = [];
    for (let seed = 1; seed <= 9; seed += 1)
      ends.push(...(await chaos(seed, [(['lost', 'changed', 'stale'] as const)[seed % 3]!, 'unknown', 'hidden'])));
    assert.ok(ends.filter((end) => end !== 'ended').length >= 6, ends.join(' '));
  });
});

describe('what a tunnel by mail costs', () => {
  async function metered() {
    const meter = new Meter();
    const mail = (table: Parameters<NonNullable<MailSetupOptions['mail']>>[0]): Mail =>
      meteredTable({ table, count: (used) => meter.add('api', used) });
    const used = () => {
      const { tableCalls, writeUnits, readUnits } = meter.read().api;
      return { tableCalls, writeUnits, readUnits };
    };
    return { ...(await opened({ mail })), used };
  }
  type Used = Readonly<Record<'tableCalls' | 'writeUnits' | 'readUnits', number>>;
  const since = (before: Used, after: Used): Used => ({
    tableCalls: after.tableCalls - before.tableCalls,
    writeUnits: after.writeUnits - before.writeUnits,
    readUnits: after.readUnits - before.readUnits,
  });

  test('a short request, besides the change in the log that polls read', async () => {
    const { setup, caller, server, used } = await metered();
    await exchanged(setup, [caller, server]);
    assert.deepEqual(used(), { tableCalls: 30, writeUnits: 8, readUnits: 22 });
    await setup.close();
  });

  test('a quiet minute', async () => {
    const { setup, caller, used } = await metered();
    await setup.world.advance(60_000);
    const before = used();
    await setup.world.advance(60_000);
    assert.deepEqual(since(before, used()), { tableCalls: 220, writeUnits: 8, readUnits: 212 });
    caller.destroy();
    await setup.close();
  });

  test('an hour of listening for webhooks while no tunnel is open', async () => {
    const meter = new Meter();
    const setup = await mailSetup({ mail: (table) => meteredTable({ table, count: (used) => meter.add('api', used) }) });
    setup.listens(true);
    await setup.world.advance(60_000);
    const [requests, before] = [setup.requests(), meter.read().api.tableCalls];
    await setup.world.advance(3_600_000);
    // The log is read for those who listen, as for a watch; the mailboxes are not.
    assert.equal(meter.read().api.tableCalls - before, 0);
    assert.equal(setup.requests() - requests, 4);
    setup.listens(false);
    await setup.world.advance(60_000);
    const last = setup.requests();
    await setup.world.advance(3_600_000);
    assert.equal(setup.requests(), last);
    await setup.close();
  });

  test('a megabyte that does not get smaller', async () => {
    const { setup, caller, server, used } = await metered();
    const heard = hear(caller);
    server.end(noise(1 << 20, 4));
    await setup.world.advance(10_000);
    assert.equal(heard.bytes.length, 1 << 20);
    const { writeUnits, readUnits } = used();
    assert.ok(writeUnits <= 1_100 && readUnits <= 400, JSON.stringify(used()));
    caller.destroy();
    await setup.close();
  });
});
