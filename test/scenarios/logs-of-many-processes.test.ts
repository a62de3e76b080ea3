/** kubectl's and an agent's requests for a log, each served by another process of the API than the one before. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createLogMailer } from '../../agent/relay/log-mailer.ts';
import type { NumberedChunk } from '../../agent/transport.ts';
import { openControlPlane } from '../../functions/cloud/control-plane.ts';
import { createFollower } from '../../functions/lambda/follower.ts';
import { settingNames, settingsOf } from '../../functions/cloud/settings.ts';
import type { Pod } from '../../functions/kube/generated/types.ts';
import {
  chunksPath,
  pollPath,
  type NodePollResponse,
  type RelayGrant,
  type ContainerRelay,
} from '../../functions/node-protocol/node-poll.ts';
import { badRequest, type StatusError } from '../../functions/kube/status-error.ts';
import { memoryTable } from '../../functions/store/memory/memory-table.ts';
import { recordingDoorbell } from '../support/recording-doorbell.ts';
import { virtualWorld, type VirtualWorld } from '../support/virtual-world.ts';

const settings = settingsOf(
  (name) => ({ [settingNames.table]: 'table', [settingNames.envelopeKey]: Buffer.alloc(32).toString('base64') })[name],
);
const cluster = { name: 'default', id: 'default' };
const admin = { name: 'admin', groups: ['system:masters', 'system:authenticated'] };
const nodeUser = (name: string) => ({ name: `system:node:${name}`, groups: ['system:nodes', 'system:authenticated'] });
const processes = 3;
const log = '/api/v1/namespaces/default/pods/web/log';

const web: Pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web' },
  spec: { nodeName: 'a', containers: [{ name: 'main', image: 'nginx' }] },
};

async function setup(pollHoldSecondsMax: number) {
  const world = virtualWorld();
  return (await timed({ world }, furnished(world, pollHoldSecondsMax))).value;
}

async function furnished(world: VirtualWorld, pollHoldSecondsMax: number) {
  const table = memoryTable({ clock: world.clock });
  const open = async () => {
    const options = { settings, cluster, table, doorbell: recordingDoorbell(), world, pollHoldSecondsMax, mailedLogSecondsMax: 300 };
    const { api, store } = await openControlPlane(options);
    return { api, follower: createFollower(store, world) };
  };
  // The first one makes what every cluster begins with.
  const apis = [await open()];
  while (apis.length < processes) apis.push(await open());
  let turn = 0;

  async function ask(user: typeof admin, method: string, path: string, body?: object | Uint8Array): Promise<Response> {
    const { api, follower } = apis[(turn += 1) % processes]!;
    const release = follower.hold();
    const isJson = body !== undefined && !(body instanceof Uint8Array);
    const init = body === undefined ? {} : { body: isJson ? JSON.stringify(body) : Buffer.from(body as Uint8Array) };
    const headers = isJson ? { 'content-type': 'application/json' } : {};
    const answer = await api.fetch(new Request(`https://api${path}`, { method, headers, ...init }), { user });
    release();
    return answer;
  }
  const made = [
    await ask(admin, 'POST', '/api/v1/nodes', { metadata: { name: 'a' } }),
    // There are no controllers that would make it.
    await ask(admin, 'POST', '/api/v1/namespaces/default/serviceaccounts', { metadata: { name: 'default' } }),
    await ask(admin, 'POST', '/api/v1/namespaces/default/pods', web),
  ];
  assert.deepEqual(
    made.map(({ status }) => status),
    [201, 201, 201],
  );
  return { world, ask };
}

type Setup = Awaited<ReturnType<typeof furnished>>;

/** An agent's polls and chunks, in a process each time another. Answers how to end it. */
function agent({ world, ask }: Setup, open: (request: ContainerRelay) => Promise<AsyncIterable<Buffer>>): () => void {
  const end = new AbortController();
  const known = new Set<string>();
  const user = nodeUser('a');
  const sendChunk = async (id: string, chunk: NumberedChunk | undefined): Promise<RelayGrant> => {
    const answer = await (chunk === undefined
      ? ask(user, 'GET', chunksPath(id))
      : ask(user, 'POST', `${chunksPath(id)}?number=${chunk.number}`, chunk.encoded));
    assert.equal(answer.status, 200);
    return (await answer.json()) as RelayGrant;
  };
  const mailer = createLogMailer({ world, transport: { sendChunk }, signal: end.signal });
  async function poll(): Promise<void> {
    for (let since: string | undefined; !end.signal.aborted;) {
      const answer = await ask(user, 'POST', pollPath('a'), { waitSeconds: 20, ...(since === undefined ? {} : { since }) });
      const { relays, revision, pollAfterSeconds } = (await answer.json()) as NodePollResponse;
      since = revision;
      for (const relay of relays) {
        if (relay.transport === 'tunnel' || relay.transport === 'mail' || known.has(relay.id)) continue;
        known.add(relay.id);
        void mailer.send(relay, () => open(relay));
      }
      await world.clock.sleep(pollAfterSeconds * 1000);
    }
  }
  void poll();
  return () => end.abort();
}

async function* lines(count: number): AsyncGenerator<Buffer> {
  for (let index = 1; index <= count; index += 1) yield Buffer.from(`line ${index}\n`);
}

/** Moves the clock until it is settled, and returns how long that took. */
async function timed<T>({ world }: Pick<Setup, 'world'>, promise: Promise<T>): Promise<{ value: T; seconds: number }> {
  const startMs = world.clock.monotonicMs();
  let isSettled = false;
  void promise.finally(() => (isSettled = true)).catch(() => undefined);
  for (let step = 0; step < 600 && !isSettled; step += 1) await world.advance(100);
  return { value: await promise, seconds: (world.clock.monotonicMs() - startMs) / 1000 };
}

const textOf = (at: Setup, path: string) =>
  timed(
    at,
    at.ask(admin, 'GET', path).then(async (answer) => ({ code: answer.status, text: await answer.text() })),
  );

describe('a log between processes that share only the table', () => {
  test('a log from another process comes within seconds where polls are held', async () => {
    const at = await setup(30);
    const stop = agent(at, async ({ query }) => {
      if (!query.includes('previous')) return lines(1000);
      throw badRequest('previous terminated container "main" in pod "web" not found');
    });
    await at.world.advance(5000);
    const { value, seconds } = await textOf(at, `${log}?tailLines=1000`);
    assert.deepEqual([value.code, value.text.split('\n').length, value.text.endsWith('line 1000\n')], [200, 1001, true]);
    assert.ok(seconds <= 4, `${seconds} s`);
    const previous = await textOf(at, `${log}?previous=true`);
    const { code, message } = JSON.parse(previous.value.text) as { code: number; message: string };
    assert.deepEqual([previous.value.code, code, message], [400, 400, 'previous terminated container "main" in pod "web" not found']);
    stop();
  });

  test('a log from another process comes with the next poll where polls are not held, and the next one soon', async () => {
    const at = await setup(0);
    const stop = agent(at, async () => lines(3));
    await at.world.advance(30_000);
    const first = await textOf(at, log);
    assert.deepEqual(first.value, { code: 200, text: 'line 1\nline 2\nline 3\n' });
    assert.ok(first.seconds <= 23, `${first.seconds} s`);
    const { seconds } = await textOf(at, log);
    assert.ok(seconds <= 4, `${seconds} s`);
    stop();
  });

  test('needs the right to read it, and a node of its own to write to', async () => {
    const at = await setup(30);
    const stop = agent(at, async () => lines(1));
    const stranger = { name: 'stranger', groups: ['system:authenticated'] };
    const asking = at.ask(stranger, 'GET', log);
    assert.equal((await timed(at, asking)).value.status, 403);
    const forged = at.ask(stranger, 'POST', `${chunksPath('guessed')}?number=1`, Buffer.from('forged'));
    assert.equal((await timed(at, forged)).value.status, 403);
    const lost = at.ask(nodeUser('b'), 'POST', `${chunksPath('guessed')}?number=1`, Buffer.from('forged'));
    assert.equal((await timed(at, lost)).value.status, 404);
    stop();
  });

  test('processes that share only the table carry logs alone: exec names what to do instead, to users who may exec', async () => {
    const at = await setup(30);
    const exec = '/api/v1/namespaces/default/pods/web/exec?command=ls';
    const refused = (await (await timed(at, at.ask(admin, 'GET', exec))).value.json()) as ReturnType<StatusError['toStatus']>;
    assert.deepEqual(
      [refused.code, refused.reason, refused.message],
      [
        501,
        'NotImplemented',
        'exec, attach, cp and port-forward need a connection that functions cannot carry: use a kubeconfig that names a gate, which hibernetes gate kubeconfig prints (infra/runbook.md, "exec on AWS")',
      ],
    );
    assert.equal((await timed(at, at.ask({ name: 'stranger', groups: [] }, 'POST', exec))).value.status, 403);
  });
});
