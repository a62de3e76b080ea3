import assert from 'node:assert/strict';
import { test } from 'node:test';
import { X509Certificate } from 'node:crypto';
import { virtualWorld } from '../../../test/support/virtual-world.ts';
import type { Secret } from '../../kube/generated/types.ts';
import { pods, secrets, serviceAccounts } from '../../kube/resource-type.ts';
import { memoryCluster } from '../nodes/memory-cluster.ts';
import type { Authorizer, Connection, User } from '../ports.ts';
import { createAuthenticator } from './authenticator.ts';
import { createCertificateAuthority, createClientCertificate } from '../../client/certificates.ts';
import type { AnonymousSettings } from './jwt/settings.ts';
import { impersonatedUser } from './impersonation.ts';
import { newSigningKeyPem, signingKeyOf } from './keys.ts';
import { createTokenUsers } from './token-users.ts';
import { createTokens } from './tokens.ts';

const admin: User = { name: 'admin', groups: ['system:masters'] };

async function setUp() {
  const world = virtualWorld();
  const cluster = await memoryCluster(world);
  const tokens = createTokens({ keys: [signingKeyOf(await newSigningKeyPem())], ...world });
  const uses: string[] = [];
  const noteUse = ({ metadata }: Secret, date: string): void => void uses.push(`${metadata.name} ${date}`);
  const staticTokens = [{ token: 'let-me-in', user: admin }];
  const tokenUsers = createTokenUsers({ ...world, store: cluster.store, tokens, noteUse, staticTokens });
  const authenticator = createAuthenticator({ tokenUsers, clock: world.clock });
  const withToken = (token: string): Promise<User | undefined> =>
    authenticator.authenticate(new Request('http://a/', { headers: { authorization: `Bearer ${token}` } }), {});
  return { ...cluster, world, tokens, tokenUsers, authenticator, withToken, uses };
}

const unauthorized = { code: 401, reason: 'Unauthorized', message: 'Unauthorized' };

test('a request without credentials is anonymous, and a wrong token is refused', async () => {
  const { authenticator, withToken } = await setUp();
  assert.equal(await authenticator.authenticate(new Request('http://a/'), {}), undefined);
  const basic = new Request('http://a/', { headers: { authorization: 'Basic YTpi' } });
  assert.equal(await authenticator.authenticate(basic, {}), undefined);
  for (const token of ['let-me', 'let-me-in-please', 'abcdef.0123456789abcdef']) await assert.rejects(withToken(token), unauthorized);
});

test('a caller without credentials is anonymous on the configured paths alone', async () => {
  const { tokenUsers, world } = await setUp();
  const asks = (path: string, anonymous: AnonymousSettings): Promise<User | undefined> =>
    createAuthenticator({ tokenUsers, clock: world.clock, anonymous }).authenticate(new Request(`http://a${path}`), {});
  const livez = { enabled: true, conditions: [{ path: '/livez' }] };
  assert.equal(await asks('/livez?verbose', livez), undefined);
  for (const path of ['/version', '/livez/ping', '/api', '/livez%2f']) await assert.rejects(asks(path, livez), unauthorized);
  assert.equal(await asks('/api', { enabled: true }), undefined);
  await assert.rejects(asks('/livez', { enabled: false }), unauthorized);
});

test('a static token authenticates its user', async () => {
  const { withToken } = await setUp();
  assert.deepEqual(await withToken('let-me-in'), { name: 'admin', groups: ['system:masters', 'system:authenticated'] });
});

test('a client certificate is its common name and organizations', async () => {
  const { authenticator, world } = await setUp();
  const authority = await createCertificateAuthority('ca', world.clock);
  const { certificatePem } = await createClientCertificate(authority, { userName: 'system:node:a', groups: ['system:nodes'] }, world.clock);
  const connection: Connection = { clientCertificate: new X509Certificate(certificatePem).raw };
  assert.deepEqual(await authenticator.authenticate(new Request('http://a/'), connection), {
    name: 'system:node:a',
    groups: ['system:nodes', 'system:authenticated'],
  });
});

test('a client certificate that ends while its connection is open is refused from then on', async () => {
  const { authenticator, world } = await setUp();
  const authority = await createCertificateAuthority('ca', world.clock);
  const { certificatePem } = await createClientCertificate(authority, { userName: 'jane', groups: [] }, world.clock);
  const { raw, validToDate } = new X509Certificate(certificatePem);
  const ask = (): Promise<User | undefined> => authenticator.authenticate(new Request('http://a/'), { clientCertificate: raw });
  assert.equal((await ask())?.name, 'jane');
  await world.advance(validToDate.getTime() - world.clock.now() + 1);
  await assert.rejects(ask(), unauthorized);
});

test('the token of a Secret is its ServiceAccount as long as the Secret holds it', async () => {
  const { withToken, tokens, put, remove, world, uses } = await setUp();
  const account = { name: 'cart', namespace: 'shop', uid: 'sa1' };
  await put(serviceAccounts, { metadata: account });
  const token = await tokens.issueSecretToken({ namespace: 'shop', serviceAccount: { name: 'cart', uid: 'sa1' }, secretName: 't' });
  await assert.rejects(withToken(token), unauthorized);
  const secret = { metadata: { name: 't', namespace: 'shop' }, data: { token: Buffer.from(token).toString('base64') } };
  await put(secrets, secret);
  const today = new Date(world.clock.now()).toISOString().slice(0, 10);
  assert.deepEqual(await withToken(token), {
    name: 'system:serviceaccount:shop:cart',
    uid: 'sa1',
    groups: ['system:serviceaccounts', 'system:serviceaccounts:shop', 'system:authenticated'],
  });
  assert.deepEqual(uses, [`t ${today}`]);
  await put(secrets, { ...secret, metadata: { ...secret.metadata, labels: { 'kubernetes.io/legacy-token-last-used': today } } });
  await withToken(token);
  assert.equal(uses.length, 1);
  await remove(serviceAccounts, account);
  await put(serviceAccounts, { metadata: { ...account, uid: 'sa2' } });
  await assert.rejects(withToken(token), unauthorized);
});

test('a ServiceAccount token lives as long as its ServiceAccount and its pod', async () => {
  const { withToken, tokens, put, remove } = await setUp();
  const account = { name: 'cart', namespace: 'shop', uid: 'sa1' };
  await put(serviceAccounts, { metadata: account });
  await put(pods, { metadata: { name: 'cart-0', namespace: 'shop', uid: 'p1' }, spec: { containers: [] } });
  const claims = { namespace: 'shop', serviceaccount: { name: 'cart', uid: 'sa1' } };
  const free = await tokens.issueServiceAccountToken(claims, { expirationSeconds: 600 });
  const bound = await tokens.issueServiceAccountToken({ ...claims, pod: { name: 'cart-0', uid: 'p1' } }, { expirationSeconds: 600 });
  const { extra, ...user } = (await withToken(bound.token))!;
  assert.deepEqual(user, {
    name: 'system:serviceaccount:shop:cart',
    uid: 'sa1',
    groups: ['system:serviceaccounts', 'system:serviceaccounts:shop', 'system:authenticated'],
  });
  assert.deepEqual(extra?.['authentication.kubernetes.io/pod-name'], ['cart-0']);
  await remove(pods, { namespace: 'shop', name: 'cart-0' });
  await assert.rejects(withToken(bound.token), unauthorized);
  assert.equal((await withToken(free.token))?.name, user.name);
  await remove(serviceAccounts, account);
  await assert.rejects(withToken(free.token), unauthorized);
  await put(serviceAccounts, { metadata: { ...account, uid: 'sa2' } });
  await assert.rejects(withToken(free.token), unauthorized, 'a new account of the same name is another');
});

test('a node token is its node', async () => {
  const { withToken, tokens } = await setUp();
  const { token } = await tokens.issueNodeToken('a', { expirationSeconds: 600 });
  assert.deepEqual(await withToken(token), { name: 'system:node:a', groups: ['system:nodes', 'system:authenticated'] });
});

const base64 = (fields: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, Buffer.from(value).toString('base64')]));

test('a bootstrap token is good while its Secret allows it', async () => {
  const { withToken, put, world } = await setUp();
  const fields = {
    'token-id': 'abcdef',
    'token-secret': '0123456789abcdef',
    'usage-bootstrap-authentication': 'true',
    'auth-extra-groups': 'system:bootstrappers:workers',
    expiration: '2026-01-01T01:00:00Z',
  };
  const secret = (changed: Record<string, string> = {}, type = 'bootstrap.kubernetes.io/token'): Secret => ({
    metadata: { name: 'bootstrap-token-abcdef', namespace: 'kube-system' },
    type,
    data: base64({ ...fields, ...changed }),
  });
  const token = 'abcdef.0123456789abcdef';
  await put(secrets, secret());
  assert.deepEqual(await withToken(token), {
    name: 'system:bootstrap:abcdef',
    groups: ['system:bootstrappers', 'system:bootstrappers:workers', 'system:authenticated'],
  });
  await assert.rejects(withToken('abcdef.0123456789abcdee'), unauthorized);
  for (const group of [
    'system:masters',
    'system:bootstrappers:workers,system:masters',
    'system:bootstrappers:',
    'a,',
    'system:bootstrappers:A',
  ]) {
    await put(secrets, secret({ 'auth-extra-groups': group }));
    await assert.rejects(withToken(token), unauthorized, group);
  }
  await put(secrets, secret({ 'usage-bootstrap-authentication': 'false' }));
  await assert.rejects(withToken(token), unauthorized);
  await put(secrets, secret({}, 'Opaque'));
  await assert.rejects(withToken(token), unauthorized);
  await put(secrets, secret());
  await world.advance(3_600_000);
  await assert.rejects(withToken(token), unauthorized);
});

/** Lets a caller impersonate whatever is listed as `resource name`. */
const allowing = (...what: readonly string[]): Authorizer => ({
  authorize: async (_user, { verb, resource, subresource, namespace, name }) => ({
    allowed: verb === 'impersonate' && what.includes([resource, subresource, namespace, name].filter((part) => part !== '').join(' ')),
    reason: '',
  }),
});

const impersonate = (authorizer: Authorizer, headers: Record<string, string>): Promise<User | undefined> =>
  impersonatedUser(admin, new Request('http://a/', { headers }), authorizer);

test('who may impersonate becomes the other, with groups, uid and extra', async () => {
  const authorizer = allowing('users jane', 'groups dev', 'groups ops', 'uids u1', 'userextras scopes/a read');
  const headers = {
    'impersonate-user': 'jane',
    'impersonate-group': 'dev, ops',
    'impersonate-uid': 'u1',
    'impersonate-extra-scopes%2fa': 'read',
  };
  assert.deepEqual(await impersonate(authorizer, headers), {
    name: 'jane',
    uid: 'u1',
    groups: ['dev', 'ops', 'system:authenticated'],
    extra: { 'scopes/a': ['read'] },
  });
});

test('an impersonated ServiceAccount has its groups', async () => {
  const user = await impersonate(allowing('serviceaccounts shop cart'), { 'impersonate-user': 'system:serviceaccount:shop:cart' });
  assert.deepEqual(user?.groups, ['system:serviceaccounts', 'system:serviceaccounts:shop', 'system:authenticated']);
});

test('each part of another’s identity must be allowed', async () => {
  await assert.rejects(impersonate(allowing('users jane'), { 'impersonate-user': 'jane', 'impersonate-group': 'system:masters' }), {
    code: 403,
    message: 'groups "system:masters" is forbidden: User "admin" cannot impersonate resource "groups" in API group "" at the cluster scope',
  });
});

const withoutName: readonly (readonly [headers: Record<string, string>, shown: string])[] = [
  [{ 'impersonate-group': 'dev' }, 'UID:"", Groups:[]string{"dev"}, Extra:map[string][]string(nil)}'],
  [{ 'impersonate-uid': '1' }, 'UID:"1", Groups:[]string(nil), Extra:map[string][]string(nil)}'],
  [{ 'impersonate-user': '', 'impersonate-group': 'dev' }, 'UID:"", Groups:[]string{"dev"}, Extra:map[string][]string(nil)}'],
  [{ 'impersonate-extra-scopes': 'x' }, 'UID:"", Groups:[]string(nil), Extra:map[string][]string{"scopes":[]string{"x"}}}'],
];
for (const [headers, shown] of withoutName) {
  test(`an identity without a name is a bad request: ${JSON.stringify(headers)}`, async () => {
    const message = `requested &user.DefaultInfo{Name:"", ${shown} without impersonating a user name`;
    await assert.rejects(impersonate(allowing('groups dev'), headers), { code: 400, reason: 'BadRequest', message });
  });
}
