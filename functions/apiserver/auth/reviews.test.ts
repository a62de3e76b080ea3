import assert from 'node:assert/strict';
import { test } from 'node:test';
import { virtualWorld } from '../../../test/support/virtual-world.ts';
import type { KubeObject } from '../../kube/object.ts';
import { clusterRoles, nodes, pods, roleBindings, serviceAccounts } from '../../kube/resource-type.ts';
import type { AnyDefinition } from '../../resources/definition.ts';
import { memoryCluster } from '../nodes/memory-cluster.ts';
import { createPodsOfNode } from '../nodes/pods-of-node.ts';
import type { User } from '../ports.ts';
import { accessReviews } from './access-reviews.ts';
import { authenticationReviews } from './authentication-reviews.ts';
import { createAuthorizer } from './authorizer.ts';
import { newSigningKeyPem, signingKeyOf } from './keys.ts';
import { createTokenRequest } from './token-request.ts';
import { createTokenUsers } from './token-users.ts';
import { apiAudience, createTokens } from './tokens.ts';

const jane: User = { name: 'jane', groups: ['system:authenticated'] };

async function setUp() {
  const world = virtualWorld();
  const cluster = await memoryCluster(world);
  const { store } = cluster;
  const tokens = createTokens({ keys: [signingKeyOf(await newSigningKeyPem())], ...world });
  const authorizer = createAuthorizer({ store, podsOfNode: createPodsOfNode(store) });
  const all = [...accessReviews(authorizer), ...authenticationReviews(createTokenUsers({ ...world, store, tokens }), world.clock)];
  await cluster.put(clusterRoles, { metadata: { name: 'reader' }, rules: [{ verbs: ['get'], apiGroups: [''], resources: ['pods'] }] });
  await cluster.put(roleBindings, {
    metadata: { name: 'jane-reads', namespace: 'default' },
    subjects: [{ kind: 'User', name: 'jane' }],
    roleRef: { kind: 'ClusterRole', name: 'reader' },
  });
  const review = async (kind: string, spec: object, namespace = '', status?: object): Promise<unknown> => {
    const resource = all.find(({ type }) => type.kind === kind)!;
    const object: KubeObject = { metadata: {}, spec, ...(status === undefined ? {} : { status }) };
    return ((await resource.create(object, { user: jane, namespace, dryRun: false })) as KubeObject).status;
  };
  const { compute } = createTokenRequest({ store, tokens, clock: world.clock });
  return { ...cluster, world, tokens, all, review, compute };
}

const getPods = { namespace: 'default', verb: 'get', resource: 'pods' };
const because = 'RBAC: allowed by RoleBinding "jane-reads/default" of ClusterRole "reader" to User "jane"';

test('the reviews are served at the paths that clients use', async () => {
  const { all } = await setUp();
  assert.deepEqual(
    all.map(({ type, schema, singular }) => [`${type.group}/${type.version}/${type.resource}`, schema.name, singular]),
    [
      ['authorization', 'SelfSubjectAccessReview'],
      ['authorization', 'SubjectAccessReview'],
      ['authorization', 'LocalSubjectAccessReview'],
      ['authorization', 'SelfSubjectRulesReview'],
      ['authentication', 'SelfSubjectReview'],
      ['authentication', 'TokenReview'],
    ].map(([group, kind]) => [`${group}.k8s.io/v1/${kind!.toLowerCase()}s`, `io.k8s.api.${group}.v1.${kind}`, kind!.toLowerCase()]),
  );
});

test('"may I" and "may they" ask the authorizer', async () => {
  const { review } = await setUp();
  assert.deepEqual(await review('SelfSubjectAccessReview', { resourceAttributes: getPods }), { allowed: true, reason: because });
  assert.deepEqual(await review('SelfSubjectAccessReview', { resourceAttributes: { ...getPods, verb: 'list' } }), { allowed: false });
  assert.deepEqual(await review('SelfSubjectAccessReview', { nonResourceAttributes: { verb: 'get', path: '/metrics' } }), {
    allowed: false,
  });
  assert.deepEqual(await review('SubjectAccessReview', { user: 'bob', resourceAttributes: getPods }), { allowed: false });
  assert.deepEqual(await review('SubjectAccessReview', { groups: ['system:masters'], resourceAttributes: getPods }), { allowed: true });
  assert.deepEqual(await review('LocalSubjectAccessReview', { user: 'jane', resourceAttributes: getPods }, 'default'), {
    allowed: true,
    reason: because,
  });
});

test('a review that asks nothing, or too much, is refused', async () => {
  const { review } = await setUp();
  const both = { resourceAttributes: getPods, nonResourceAttributes: { verb: 'get', path: '/' } };
  await assert.rejects(review('SelfSubjectAccessReview', {}), {
    code: 422,
    message:
      '.authorization.k8s.io "" is invalid: spec: Invalid value: null: ' +
      'exactly one of nonResourceAttributes or resourceAttributes must be specified',
  });
  await assert.rejects(review('SelfSubjectAccessReview', both), { code: 422 });
  await assert.rejects(review('SubjectAccessReview', { resourceAttributes: getPods }), {
    message: '.authorization.k8s.io "" is invalid: spec.user: Invalid value: "": at least one of user or group must be specified',
  });
  await assert.rejects(review('LocalSubjectAccessReview', { user: 'jane', resourceAttributes: getPods }, 'other'), { code: 422 });
  await assert.rejects(review('SelfSubjectRulesReview', {}), { code: 400, message: 'no namespace on request' });
});

test('"what may I" lists rules', async () => {
  const { review } = await setUp();
  assert.deepEqual(await review('SelfSubjectRulesReview', { namespace: 'default' }), {
    resourceRules: [{ verbs: ['get'], apiGroups: [''], resources: ['pods'] }],
    nonResourceRules: [],
    incomplete: false,
  });
});

test('"who am I" answers with the user', async () => {
  const { review } = await setUp();
  assert.deepEqual(await review('SelfSubjectReview', {}), { userInfo: { username: 'jane', groups: ['system:authenticated'] } });
});

const account = { metadata: { name: 'cart', namespace: 'shop', uid: 'sa1' } };
const definition = { type: serviceAccounts } as AnyDefinition;

test('a requested token is the ServiceAccount’s, for its audiences, as long as asked', async () => {
  const { compute, put, review, world } = await setUp();
  await put(serviceAccounts, account);
  const context = { definition, parent: account, user: jane, dryRun: false };
  const answer = (await compute({ metadata: {}, spec: {} }, context)) as {
    spec: object;
    status: { token: string; expirationTimestamp: string };
  };
  assert.deepEqual(answer.spec, { audiences: [apiAudience], expirationSeconds: 3600, boundObjectRef: null });
  assert.equal(answer.status.expirationTimestamp, '2026-01-01T01:00:00Z');
  const { user, ...rest } = (await review('TokenReview', { token: answer.status.token })) as { user: { username: string } };
  assert.deepEqual([user.username, rest], ['system:serviceaccount:shop:cart', { authenticated: true, audiences: [apiAudience] }]);
  assert.deepEqual(await review('TokenReview', { token: answer.status.token, audiences: ['vault'] }), {
    user: {},
    error: 'invalid bearer token',
  });
  const sent = { authenticated: true, user: { username: 'root' }, audiences: ['vault'] };
  assert.deepEqual(await review('TokenReview', { token: 'x' }, '', sent), {
    user: { username: 'root' },
    audiences: ['vault'],
    error: 'invalid bearer token',
  });
  await world.advance(3_601_000);
  assert.deepEqual(await review('TokenReview', { token: answer.status.token }), {
    user: {},
    error: 'invalid bearer token',
  });
});

test('a token is bound to a pod that runs as its ServiceAccount', async () => {
  const { compute, put, tokens } = await setUp();
  await put(serviceAccounts, account);
  await put(nodes, { metadata: { name: 'a', uid: 'n1' }, spec: {} });
  const spec = { serviceAccountName: 'cart', nodeName: 'a', containers: [] };
  await put(pods, { metadata: { name: 'cart-0', namespace: 'shop', uid: 'p1' }, spec });
  await put(pods, { metadata: { name: 'other', namespace: 'shop', uid: 'p2' }, spec: { ...spec, serviceAccountName: 'default' } });
  const ask = (name: string, parts: object = {}): Promise<object> =>
    compute(
      {
        metadata: {},
        spec: { audiences: ['vault'], expirationSeconds: 600, boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name, ...parts } },
      },
      { definition, parent: account, user: jane, dryRun: false },
    );
  const { status } = (await ask('cart-0', { uid: 'p1' })) as { status: { token: string } };
  assert.deepEqual((await tokens.verify(status.token, ['vault']))?.claims['kubernetes.io'], {
    namespace: 'shop',
    serviceaccount: { name: 'cart', uid: 'sa1' },
    pod: { name: 'cart-0', uid: 'p1' },
    node: { name: 'a', uid: 'n1' },
  });
  await assert.rejects(ask('absent'), { code: 404, message: 'pods "absent" not found' });
  await assert.rejects(ask('cart-0', { uid: 'p0' }), {
    code: 409,
    message:
      'Operation cannot be fulfilled on pods "cart-0": the UID in the bound object reference (p0) does not match the UID in record. ' +
      'The object might have been deleted and then recreated',
  });
  await assert.rejects(ask('other'), {
    code: 400,
    message: 'cannot bind token for serviceaccount "cart" to pod running with different serviceaccount name.',
  });
  await assert.rejects(ask('x', { kind: 'Deployment' }), { code: 400 });
});

test('a token lives ten minutes at least', async () => {
  const { compute } = await setUp();
  const body = { metadata: {}, spec: { expirationSeconds: 599 } };
  await assert.rejects(compute(body, { definition, parent: account, user: jane, dryRun: false }), {
    code: 422,
    message:
      'TokenRequest.authentication.k8s.io "" is invalid: spec.expirationSeconds: Invalid value: 599: ' +
      'may not specify a duration less than 10 minutes',
  });
});
