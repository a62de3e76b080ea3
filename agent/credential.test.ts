import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { virtualWorld, type VirtualWorld } from '../test/support/virtual-world.ts';
import { keepCredential, renewalMs } from './credential.ts';

const hourMs = 3_600_000;
const token = (madeMs: number, endsMs: number): string =>
  `head.${Buffer.from(JSON.stringify({ iat: madeMs / 1000, exp: endsMs / 1000 })).toString('base64url')}.signature`;

let directory: string;
let world: VirtualWorld;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'credential-'));
  world = virtualWorld();
});
afterEach(() => rmSync(directory, { recursive: true }));

function keep(first: string, answer: (request: Request) => Response) {
  const tokenFile = join(directory, 'token');
  writeFileSync(tokenFile, first);
  const ending = new AbortController();
  const asked: string[] = [];
  const transport = {
    fetch: async (request: Request) => {
      asked.push(`${request.method} ${request.url}`);
      return answer(request);
    },
  };
  const kept = keepCredential({ config: { nodeName: 'a', server: 'https://api', tokenFile }, world, transport }, ending.signal);
  const end = async (): Promise<void> => {
    ending.abort(new Error('over'));
    await kept;
  };
  return { asked, end, token: () => readFileSync(tokenFile, 'utf8').trim() };
}

/** Files are read and written on the real clock. */
const settle = async (ms: number): Promise<void> => {
  for (let passed = 0; passed < ms; passed += 10 * 60_000) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    await world.advance(10 * 60_000);
  }
  await new Promise((resolve) => setTimeout(resolve, 20));
};

test('half its life is the moment of renewal', () => {
  assert.equal(renewalMs(token(1000, 5000)), 3000);
  assert.equal(renewalMs('secret'), undefined);
  assert.equal(renewalMs('a.e30.b'), undefined);
});

test('a credential is traded at half its life and the file is whole', async () => {
  const now = world.clock.now();
  const next = token(now + hourMs, now + 5 * hourMs);
  const answer = (): Response => Response.json({ spec: {}, status: { token: next, expirationTimestamp: '' } }, { status: 201 });
  const kept = keep(token(now, now + 2 * hourMs), answer);
  await settle(hourMs / 2);
  assert.deepEqual(kept.asked, []);
  await settle(hourMs);
  assert.deepEqual(kept.asked, ['POST https://api/apis/agent.hibernetes.dev/v1/nodes/a/token']);
  assert.equal(kept.token(), next);
  assert.deepEqual(readdirSync(directory), ['token']);
  await kept.end();
});

test('a refusal leaves the old one in place, and the agent asks again', async () => {
  const now = world.clock.now();
  const old = token(now - 2 * hourMs, now + hourMs);
  const kept = keep(old, () => new Response('busy', { status: 503 }));
  await settle(hourMs / 2);
  assert.ok(kept.asked.length >= 2, String(kept.asked.length));
  assert.equal(kept.token(), old);
  await kept.end();
});
