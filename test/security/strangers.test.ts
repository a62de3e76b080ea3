/** Tokens of AWS that strangers make up: they lead to few questions, none to a host of theirs, no errors and short lines. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createIamUsers } from '../../functions/cloud/iam-users.ts';
import type { TokenUsers } from '../../functions/apiserver/auth/token-users.ts';
import { everyCase } from '../support/every-case.ts';
import { type VirtualWorld, virtualWorld } from '../support/virtual-world.ts';

interface Users {
  readonly known: TokenUsers;
  readonly asked: readonly string[];
  readonly world: VirtualWorld;
}

function users(answer: (url: string) => Promise<Response>): Users {
  const world = virtualWorld();
  const asked: string[] = [];
  const known = createIamUsers({
    clusterId: 'my-cluster',
    administrators: ['arn:aws:iam::123456789012:role/admin'],
    view: () => ({ revision: 1, get: () => undefined, list: () => [] }),
    world,
    async fetch({ url }) {
      asked.push(url);
      return answer(url);
    },
  });
  return { known, asked, world };
}

const refused = async (): Promise<Response> => new Response('no', { status: 403 });

interface Forged {
  readonly host?: string;
  readonly region?: string;
  readonly accessKey?: string;
  readonly signature?: string;
  readonly signedMs?: number;
  readonly sessionToken?: string;
}

function forged(nowMs: number, parts: Forged): string {
  const {
    host = 'sts.us-east-1.amazonaws.com',
    region = 'us-east-1',
    accessKey = 'AKIAIOSFODNN7EXAMPLE',
    signature = 'a'.repeat(64),
  } = parts;
  const date = new Date(parts.signedMs ?? nowMs).toISOString().replaceAll(/[-:]|\.\d+/g, '');
  const query = new URLSearchParams({
    Action: 'GetCallerIdentity',
    'X-Amz-Date': date,
    'X-Amz-Expires': '60',
    'X-Amz-SignedHeaders': 'host;x-k8s-aws-id',
    'X-Amz-Credential': `${accessKey}/${date.slice(0, 8)}/${region}/sts/aws4_request`,
    'X-Amz-Signature': signature,
    ...(parts.sessionToken === undefined ? {} : { 'X-Amz-Security-Token': parts.sessionToken }),
  });
  return `k8s-aws-v1.${Buffer.from(`https://${host}/?${query.toString()}`).toString('base64url')}`;
}

const inventedRegions = ['xx-nowhere-1', 'eu-west-99', 'evil', 'us-east-1a', 'US-EAST-1x', 'localhost', 'cn-north-1'];
const hostsOf = (region: string): string[] => [
  `sts.${region}.amazonaws.com`,
  `sts.${region}.evil.com`,
  `sts.${region}.amazonaws.com.evil.com`,
  `sts-fips.${region}.amazonaws.com`,
  ...(region === 'cn-north-1' ? [] : [`sts.${region}.amazonaws.com.cn`, `sts.${region}.api.aws`]),
];

test('a host that is no region’s token service is never asked', async () => {
  const cases = inventedRegions.flatMap((region) => hostsOf(region).map((host) => ({ host, region })));
  await everyCase(
    cases,
    ({ host }) => host,
    async (parts) => {
      const { known, asked, world } = users(refused);
      assert.equal(await known.userOf(forged(world.clock.now(), parts)), undefined);
      assert.deepEqual(asked, []);
    },
  );
});

const tokens = 500;
/** Each second: so many questions may be asked. */
const questionsMax = 20;
const floods: Readonly<Record<string, (index: number, nowMs: number) => Forged>> = {
  signatures: (index) => ({ signature: index.toString(16).padStart(64, '0') }),
  'access keys': (index) => ({ accessKey: `AKIA${index.toString().padStart(16, '0')}` }),
  'times of signing': (index, nowMs) => ({ signedMs: nowMs - index * 1_000 }),
  'session tokens': (index) => ({ sessionToken: `x${index}` }),
  'hosts of one region': (index) => ({
    host: ['sts.us-east-1.amazonaws.com', 'sts.us-east-1.api.aws', 'sts-fips.us-east-1.amazonaws.com'][index % 3] ?? '',
    signature: index.toString(16).padStart(64, '0'),
  }),
};

for (const [what, parts] of Object.entries(floods)) {
  test(`a flood of forged tokens that differ in their ${what} makes few questions`, async () => {
    const { known, asked, world } = users(refused);
    const nowMs = world.clock.now();
    const outcomes = await Promise.allSettled(
      Array.from({ length: tokens }, (_, index) => known.userOf(forged(nowMs, parts(index, nowMs)))),
    );
    assert.ok(asked.length <= questionsMax, `${asked.length} questions`);
    const reasons = outcomes.flatMap((one) => (one.status === 'rejected' ? [(one.reason as { code?: number }).code] : []));
    assert.deepEqual([...new Set(reasons)], [429]);
  });
}

const failures: Readonly<Record<string, () => Promise<Response>>> = {
  'is refused': refused,
  'cannot be reached': () => Promise.reject(new Error(`getaddrinfo ${'x'.repeat(5_000)}`)),
  'fails itself': async () => new Response('x'.repeat(5_000), { status: 500 }),
  'answers no JSON': async () => new Response('<html>'.repeat(5_000)),
  'answers another document': async () => Response.json({ GetCallerIdentityResponse: 'x' }),
  'never ends': async () => new Response(new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(4_096)) })),
};

for (const [what, answer] of Object.entries(failures)) {
  test(`where the token service ${what}, the API refuses the token and logs one short line at most`, async () => {
    const { known, world } = users(answer);
    assert.equal(await known.userOf(forged(world.clock.now(), {})), undefined);
    assert.ok(world.lines.length <= 1);
    assert.ok(JSON.stringify(world.lines).length < 600, JSON.stringify(world.lines).slice(0, 200));
    for (const { level } of world.lines as readonly { level?: string }[]) assert.notEqual(level, 'error');
  });
}
