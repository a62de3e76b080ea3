import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { virtualWorld } from '../test/support/virtual-world.ts';
import { credentialFile, keepCredential, renewalMs } from './credential.ts';

const hourMs = 3_600_000;
const token = (madeMs: number, endsMs: number): string =>
  `head.${Buffer.from(JSON.stringify({ iat: madeMs / 1000, exp: endsMs / 1000 })).toString('base64url')}.signature`;

/** An agent whose token was made `agoMs` ago for two hours. */
function keep(agoMs: number, answer: (nowMs: number) => Response) {
  const world = virtualWorld();
  const madeMs = world.clock.now() - agoMs;
  let held = token(madeMs, madeMs + 2 * hourMs);
  const file = { read: async () => `${held}\n`, write: async (next: string) => void (held = next) };
  const asked: string[] = [];
  const transport = {
    fetch: async (request: Request) => {
      asked.push(`${request.method} ${request.url}`);
      return answer(world.clock.now());
    },
  };
  const ending = new AbortController();
  const kept = keepCredential({ config: { nodeName: 'a', server: 'https://api' }, file, world, transport }, ending.signal);
  const end = (): Promise<void> => {
    ending.abort(new Error('over'));
    return kept;
  };
  return { world, asked, end, held: () => held };
}

test('half its life is the moment of renewal', () => {
  assert.equal(renewalMs(token(1000, 5000)), 3000);
  assert.equal(renewalMs('secret'), undefined);
  assert.equal(renewalMs('a.e30.b'), undefined);
});

test('a credential is traded at half its life, and then at half the next one’s', async () => {
  const answer = (nowMs: number): Response => Response.json({ status: { token: token(nowMs, nowMs + 2 * hourMs) } }, { status: 201 });
  const { world, asked, end } = keep(0, answer);
  await world.advance(hourMs - 1);
  assert.deepEqual(asked, []);
  await world.advance(hourMs / 2);
  assert.deepEqual(asked, ['POST https://api/apis/agent.hibernetes.dev/v1/nodes/a/token']);
  await world.advance(hourMs);
  assert.equal(asked.length, 2);
  await end();
});

test('a refusal leaves the old one in place, and the agent asks again', async () => {
  const { world, asked, end, held } = keep(hourMs, () => new Response('busy', { status: 503 }));
  const old = held();
  await world.advance(hourMs / 2);
  assert.ok(asked.length >= 3, String(asked.length));
  assert.equal(held(), old);
  await end();
});

test('an answer without a token is not taken', async () => {
  const { world, end, held } = keep(hourMs, () => Response.json({ status: {} }, { status: 201 }));
  const old = held();
  await world.advance(hourMs / 2);
  assert.equal(held(), old);
  await end();
});

test('the file is private, whole, and alone', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'credential-'));
  const file = credentialFile(join(directory, 'token'));
  await file.write('first');
  await file.write('second');
  assert.equal(await file.read(), 'second\n');
  assert.equal(statSync(join(directory, 'token')).mode & 0o777, 0o600);
  assert.deepEqual(readdirSync(directory), ['token']);
  rmSync(directory, { recursive: true });
});
