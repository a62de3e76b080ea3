import assert from 'node:assert/strict';
import { test } from 'node:test';
import { virtualWorld } from '../../test/support/virtual-world.ts';
import type { ConfigMap } from '../kube/generated/types.ts';
import { createIamUsers } from './iam-users.ts';

const account = '123456789012';
const arnOf = (role: string, session: string): string => `arn:aws:sts::${account}:assumed-role/${role}/${session}`;

const awsAuth: ConfigMap = {
  metadata: { name: 'aws-auth', namespace: 'kube-system' },
  data: {
    mapRoles: `
- rolearn: arn:aws:iam::${account}:role/nodes
  username: system:node:{{SessionName}}
  groups: [system:bootstrappers, system:nodes]
- rolearn: arn:aws:iam::${account}:role/broken
  username: system:node:{{EC2PrivateDNSName}}
- rolearn: arn:aws:iam::${account}:role/developers
  username: "{{SessionName}}"
  groups: [dev]
- rolearn: arn:aws:iam::${account}:role/one-node
  username: system:node:i-0abc
  groups: []
`,
    mapUsers: `[{userarn: "arn:aws:iam::${account}:user/jane", username: jane, groups: [dev]}]`,
  },
};

function users(arn: string, { status = 200, map = awsAuth }: { status?: number; map?: ConfigMap } = {}) {
  const world = virtualWorld();
  const asked: Request[] = [];
  const found = { key: { resource: 'configmaps', namespace: 'kube-system', name: 'aws-auth' }, revision: 1, object: map };
  const known = createIamUsers({
    clusterId: 'my-cluster',
    administrators: [`arn:aws:iam::${account}:role/admin`],
    view: () => ({ revision: 1, get: () => found, list: () => [] }),
    world,
    async fetch(request) {
      asked.push(request);
      const GetCallerIdentityResult = { Account: account, Arn: arn, UserId: `AROA:${arn.split('/').at(-1)}` };
      return Response.json({ GetCallerIdentityResponse: { GetCallerIdentityResult } }, { status });
    },
  });
  return { known, asked, world };
}

function token(nowMs: number, signature = 'a'.repeat(64)): string {
  const date = new Date(nowMs).toISOString().replaceAll(/[-:]|\.\d+/g, '');
  const credential = `AKIAIOSFODNN7EXAMPLE/${date.slice(0, 8)}/us-east-1/sts/aws4_request`;
  const signed = `X-Amz-SignedHeaders=host;x-k8s-aws-id&X-Amz-Credential=${credential}&X-Amz-Signature=${signature}`;
  const url = `https://sts.amazonaws.com/?Action=GetCallerIdentity&X-Amz-Date=${date}&X-Amz-Expires=60&${signed}`;
  return `k8s-aws-v1.${Buffer.from(url).toString('base64url')}`;
}

test('a role of the deployment is an administrator', async () => {
  const { known, world } = users(arnOf('admin', 'jane'));
  const found = await known.userOf(token(world.clock.now()));
  assert.equal(found?.user.name, `arn:aws:iam::${account}:role/admin`);
  assert.deepEqual(found.user.groups, ['system:masters']);
});

test('a machine is the node that its session names', async () => {
  const { known, world } = users(arnOf('nodes', 'i-0abc'));
  const found = await known.userOf(token(world.clock.now()));
  assert.equal(found?.user.name, 'system:node:i-0abc');
  assert.deepEqual(found.user.groups, ['system:nodes']);
});

test('a session that no machine has is no node, and a machine is no other node', async () => {
  for (const [role, session] of [
    ['nodes', 'admin'],
    ['nodes', 'i-0abc,i-0def'],
    ['nodes', 'I-0ABC'],
    ['one-node', 'i-0def'],
  ] as const) {
    const { known, world } = users(arnOf(role, session));
    assert.equal(await known.userOf(token(world.clock.now())), undefined, `${role} ${session}`);
  }
  const person = users(arnOf('developers', 'i-0abc'));
  assert.equal((await person.known.userOf(token(person.world.clock.now())))?.user.name, 'i-0abc');
});

test('a user of IAM has the name that the map gives', async () => {
  const { known, world } = users(`arn:aws:iam::${account}:user/jane`);
  assert.deepEqual((await known.userOf(token(world.clock.now())))?.user.groups, ['dev']);
});

test('an identity without an entry, or with a name that cannot be filled in, is a stranger', async () => {
  for (const { known, world } of [
    users(arnOf('stranger', 's')),
    users(arnOf('broken', 's')),
    users(arnOf('nodes', 's'), { map: { metadata: { name: 'aws-auth' }, data: { mapRoles: '{' } } }),
  ])
    assert.equal(await known.userOf(token(world.clock.now())), undefined);
});

test('the token service is asked once for a token, with the cluster’s id, and no redirect is followed', async () => {
  const { known, asked, world } = users(arnOf('admin', 'jane'));
  const one = token(world.clock.now());
  await known.userOf(one);
  await known.userOf(one);
  assert.equal(asked.length, 1);
  assert.equal(asked[0]!.headers.get('x-k8s-aws-id'), 'my-cluster');
  assert.equal(asked[0]!.redirect, 'manual');
});

test('a token that the service refuses, or cannot judge, belongs to no user', async () => {
  const refused = users(arnOf('admin', 'jane'), { status: 403 });
  assert.equal(await refused.known.userOf(token(refused.world.clock.now())), undefined);
  const down = users(arnOf('admin', 'jane'), { status: 503 });
  assert.equal(await down.known.userOf(token(down.world.clock.now())), undefined);
});

test('a flood of forged tokens makes few questions, and those who are known stay known', async () => {
  const { known, asked, world } = users(arnOf('admin', 'jane'));
  const own = token(world.clock.now());
  assert.notEqual(await known.userOf(own), undefined);
  const forged = Array.from({ length: 2_000 }, (_, index) => token(world.clock.now(), index.toString(16).padStart(64, '0')));
  const outcomes = await Promise.allSettled(forged.map((one) => known.userOf(one)));
  assert.ok(asked.length <= 21, `${asked.length} questions`);
  const refusals = outcomes.filter(({ status }) => status === 'rejected');
  assert.ok(refusals.every((one) => (one as { reason: { code: number } }).reason.code === 429));
  assert.notEqual(await known.userOf(own), undefined);
});

test('tokens for other audiences, and tokens of other kinds, are left to others', async () => {
  const { known, asked, world } = users(arnOf('admin', 'jane'));
  assert.equal(await known.userOf(token(world.clock.now()), ['vault']), undefined);
  assert.equal(await known.userOf('eyJhbGciOiJFUzI1NiJ9'), undefined);
  assert.equal(asked.length, 0);
});
