/** Tokens of an issuer that publishes its keys, against a clock that the test moves. */
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { exportJWK, generateKeyPair, type GenerateKeyPairResult, type JWTPayload, SignJWT } from 'jose';
import { virtualWorld } from '../../../../test/support/virtual-world.ts';
import { apiAudience } from '../tokens.ts';
import type { User } from '../../ports.ts';
import type { TokenUsers } from '../token-users.ts';
import type { FetchOptions } from './fetch-json.ts';
import { createJwtUsers } from './jwt-users.ts';
import type { JwtSettings } from './settings.ts';

const url = 'https://issuer.example';
const endpoint = 'https://groups.example/of/jane';
const byClaims: JwtSettings = {
  issuer: { url, audiences: ['cluster'], certificateAuthority: 'PEM' },
  claimMappings: { username: { claim: 'sub', prefix: 'corp:' }, groups: { claim: 'groups', prefix: 'corp:' } },
};

const keys: Record<string, GenerateKeyPairResult> = {};

before(async () => {
  for (const id of ['one', 'two', 'stranger']) keys[id] = await generateKeyPair('ES256');
});

/** An issuer whose keys may change, and a cluster that trusts it. */
async function trusting(settings: Partial<JwtSettings> = {}) {
  const world = virtualWorld();
  const asked: string[] = [];
  const published = { ids: ['one'], documents: {} as Record<string, unknown>, claims: {} as Record<string, () => Promise<string>> };
  const fetchJson = async (address: string, authority: string | undefined): Promise<unknown> => {
    asked.push(`${address} ${authority}`);
    if (address === 'https://groups.example/.well-known/openid-configuration')
      return { issuer: 'https://groups.example', jwks_uri: `${url}/keys` };
    if (address === `${url}/.well-known/openid-configuration`) return { issuer: url, jwks_uri: `${url}/keys`, ...published.documents };
    const publicKeys = published.ids.map(async (kid) => ({ ...(await exportJWK((keys[kid] as GenerateKeyPairResult).publicKey)), kid }));
    return { keys: await Promise.all(publicKeys) };
  };
  const fetchText = async (address: string, { authority, accessToken = '' }: FetchOptions): Promise<string> => {
    asked.push(`${address} ${authority} ${accessToken}`);
    const found = published.claims[address];
    if (found === undefined) throw new Error(`GET ${address}: status 404`);
    return found();
  };
  const users = await createJwtUsers({ jwt: [{ ...byClaims, ...settings }], fetchJson, fetchText, world });
  const sign = (claims: JWTPayload, kid = 'one', signer = kid): Promise<string> => {
    const now = Math.floor(world.clock.now() / 1000);
    return new SignJWT({ iss: url, aud: 'cluster', sub: 'jane', exp: now + 60, ...claims })
      .setProtectedHeader({ alg: 'ES256', kid })
      .sign((keys[signer] as GenerateKeyPairResult).privateKey);
  };
  return { world, users, asked, published, sign };
}

/** Claims of a token whose groups another place has. */
const distributed = (source: object): JWTPayload => ({ _claim_names: { groups: 'src' }, _claim_sources: { src: source } });

const userOf = async (users: TokenUsers, token: string): Promise<User | undefined> => (await users.userOf(token))?.user;

describe('a token of a trusted issuer', () => {
  test('a token of a trusted issuer stands for the user that its claims name, with prefixes', async () => {
    const { users, sign, asked } = await trusting();
    const token = await sign({ groups: ['dev', 'ops'], jti: 'id-1' });
    assert.deepEqual(await users.userOf(token), {
      user: { name: 'corp:jane', groups: ['corp:dev', 'corp:ops'], extra: { 'authentication.kubernetes.io/credential-id': ['JTI=id-1'] } },
      audiences: [apiAudience],
    });
    await users.userOf(token);
    assert.deepEqual(
      asked,
      [`${url}/.well-known/openid-configuration PEM`, `${url}/keys PEM`],
      'the issuer is asked once, by its own authority',
    );
    assert.equal(await users.userOf(token, ['https://another.service']), undefined, 'it is for the API server alone');
  });

  test('groups that stand elsewhere are fetched with the token for that, and verified by the keys of their issuer', async () => {
    const { users, sign, published, asked } = await trusting();
    published.claims[endpoint] = () => sign({ iss: 'https://groups.example', groups: ['dev'] });
    const token = await sign(distributed({ endpoint, access_token: 'secret' }));
    assert.deepEqual((await userOf(users, token))?.groups, ['corp:dev']);
    assert.ok(asked.includes(`${endpoint} PEM secret`));
    published.claims[endpoint] = () => sign({ iss: 'https://groups.example', groups: ['dev'] }, 'one', 'stranger');
    assert.equal(await userOf(users, token), undefined, 'signed by another');
  });

  test('issuers that have signed nothing keep no other issuer from vouching for groups', async () => {
    const { users, sign, published } = await trusting();
    const token = await sign(distributed({ endpoint }));
    for (let count = 0; count < 20; count += 1) {
      published.claims[endpoint] = () => sign({ iss: `https://${count}.example`, groups: ['dev'] });
      assert.equal(await userOf(users, token), undefined);
    }
    published.claims[endpoint] = () => sign({ iss: 'https://groups.example', groups: ['dev'] });
    assert.deepEqual((await userOf(users, token))?.groups, ['corp:dev']);
  });

  test('nothing is fetched for groups that the token has, or that are aggregated', async () => {
    const { users, sign, asked } = await trusting();
    assert.deepEqual((await userOf(users, await sign({ ...distributed({ endpoint }), groups: ['ops'] })))?.groups, ['corp:ops']);
    assert.deepEqual((await userOf(users, await sign(distributed({ JWT: 'x' }))))?.groups, []);
    assert.deepEqual(
      asked.filter((one) => one.startsWith(endpoint)),
      [],
    );
  });

  const refused: readonly (readonly [string, JWTPayload])[] = [
    ['for others', { aud: 'another' }],
    ['of another issuer', { iss: 'https://elsewhere.example' }],
    ['that is over', { exp: 1 }],
    ['without an end', { exp: undefined }],
    ['that is not valid yet', { nbf: 1_767_225_700 }],
    ['without a subject', { sub: undefined }],
    ['whose subject is empty', { sub: '' }],
    ['whose groups are numbers', { groups: [1] }],
    ['whose groups stand where nothing is', distributed({ endpoint: 'https://nothing.example' })],
    ['whose groups stand in a token for others', distributed({ endpoint: 'https://others.example' })],
    ['whose groups stand in a token without them', distributed({ endpoint: 'https://empty.example' })],
    ['whose groups stand in no token', distributed({ endpoint: 'https://text.example' })],
    ['whose groups stand in a source that is not there', { _claim_names: { groups: 'src' }, _claim_sources: {} }],
    ['without sources of claims', { _claim_names: { groups: 'src' } }],
    ['whose names of claims are a list', { _claim_names: ['groups'], _claim_sources: {} }],
    ['whose sources of claims are a list', { _claim_names: { groups: 'src' }, _claim_sources: [] }],
    ['whose endpoint is a number', distributed({ endpoint: 3 })],
  ];
  for (const [name, claims] of refused) {
    test(`a token of a trusted issuer is refused: one ${name}`, async () => {
      const { users, sign, published } = await trusting();
      published.claims = {
        'https://others.example': () => sign({ groups: ['dev'], aud: 'another' }),
        'https://empty.example': () => sign({}),
        'https://text.example': async () => 'no token',
      };
      assert.equal(await userOf(users, await sign(claims)), undefined);
    });
  }

  test('a token of a trusted issuer is refused when another key has signed it, or none', async () => {
    const { users, sign } = await trusting();
    assert.equal(await userOf(users, await sign({}, 'one', 'stranger')), undefined);
    const [header, payload] = (await sign({})).split('.');
    const none = Buffer.from(JSON.stringify({ alg: 'none' })).toString('base64url');
    assert.equal(await userOf(users, `${none}.${payload}.`), undefined);
    assert.equal(await userOf(users, `${header}.${payload}.`), undefined);
    assert.equal(await userOf(users, 'no token'), undefined);
  });

  test('a token is accepted once its issuer publishes the key, and refused once the key is withdrawn', async () => {
    const { world, users, sign, published } = await trusting();
    assert.equal((await userOf(users, await sign({})))?.name, 'corp:jane');
    published.ids = ['two'];
    assert.equal(await userOf(users, await sign({}, 'two')), undefined, 'the issuer was asked a moment ago');
    await world.advance(10_000);
    assert.equal((await userOf(users, await sign({}, 'two')))?.name, 'corp:jane');
    await world.advance(600_001);
    assert.equal(await userOf(users, await sign({}, 'one')), undefined);
  });

  test('forged tokens make the API fetch an issuer’s keys once in ten seconds at most', async () => {
    const { world, users, sign, asked } = await trusting();
    for (let count = 0; count < 20; count++) await userOf(users, await sign({}, `made-up-${count}`, 'stranger'));
    assert.equal(asked.length, 2);
    await world.advance(10_000);
    for (let count = 0; count < 20; count++) await userOf(users, await sign({}, `made-up-${count}`, 'stranger'));
    assert.equal(asked.length, 4);
  });

  test('a token of a trusted issuer is refused while the issuer describes itself as another one, or has no keys', async () => {
    const { world, users, sign, published } = await trusting();
    for (const documents of [{ issuer: 'https://other.example' }, { jwks_uri: 'http://issuer.example/keys' }, { jwks_uri: undefined }]) {
      published.documents = documents;
      assert.equal(await userOf(users, await sign({})), undefined);
      await world.advance(10_000);
    }
    published.documents = {};
    assert.equal((await userOf(users, await sign({})))?.name, 'corp:jane');
  });

  test('a token of a trusted issuer that names no key is tried with each that is published', async () => {
    const { users, sign, published } = await trusting();
    published.ids = ['two', 'one'];
    const token = await sign({}, undefined as unknown as string, 'one');
    assert.equal((await userOf(users, token))?.name, 'corp:jane');
  });
});

describe('expressions about a token', () => {
  const byExpressions: Partial<JwtSettings> = {
    claimMappings: {
      username: { expression: 'claims.email_verified ? claims.email : "unverified:" + claims.sub' },
      groups: { expression: 'claims.roles.split(",")' },
      uid: { expression: 'claims.sub' },
      extra: [
        { key: 'example.org/tenant', valueExpression: 'claims.tenant' },
        { key: 'example.org/none', valueExpression: 'has(claims.nothing) ? claims.nothing : ""' },
      ],
    },
    claimValidationRules: [
      { expression: 'claims.exp - claims.iat <= 3600', message: 'an hour at most' },
      { claim: 'hd', requiredValue: 'corp' },
    ],
    userValidationRules: [{ expression: "!user.username.startsWith('system:')", message: 'reserved' }],
  };
  const claims = { sub: 'jane', email: 'jane@corp', email_verified: true, roles: 'dev,ops', tenant: ['a', 'b'], hd: 'corp' };

  const signed = async (others: JWTPayload): Promise<User | undefined> => {
    const { world, users, sign } = await trusting(byExpressions);
    return userOf(users, await sign({ ...claims, iat: Math.floor(world.clock.now() / 1000), ...others }));
  };

  test('expressions about a token make name, groups, uid and extra', async () => {
    assert.deepEqual(await signed({}), {
      name: 'jane@corp',
      groups: ['dev', 'ops'],
      uid: 'jane',
      extra: { 'example.org/tenant': ['a', 'b'] },
    });
    assert.equal((await signed({ email_verified: false }))?.name, 'unverified:jane');
  });

  const refused: readonly (readonly [string, JWTPayload])[] = [
    ['a rule about claims is false', { iat: 0 }],
    ['a required claim has another value', { hd: 'elsewhere' }],
    ['a required claim is missing', { hd: undefined }],
    ['a rule about the user is false', { email: 'system:admin' }],
    ['an expression fails', { roles: 7 }],
    ['an expression of a name makes no text', { email: 7 }],
    ['an expression of a name makes an empty text', { email: '' }],
    ['an extra value is no text', { tenant: [1] }],
  ];
  for (const [name, others] of refused) {
    test(`expressions about a token refuse the token when ${name}`, async () => {
      assert.equal(await signed(others), undefined);
    });
  }

  test('expressions about a token read a null claim as null, and a text alone as a list of one', async () => {
    assert.deepEqual(await signed({ tenant: null }), { name: 'jane@corp', groups: ['dev', 'ops'], uid: 'jane' });
    assert.deepEqual((await signed({ tenant: 'a' }))?.extra, { 'example.org/tenant': ['a'] });
  });

  test('an address that is not verified is no name', async () => {
    const { users, sign } = await trusting({ claimMappings: { username: { claim: 'email', prefix: '' } } });
    assert.equal(await userOf(users, await sign({ email: 'jane@corp', email_verified: false })), undefined);
    assert.equal((await userOf(users, await sign({ email: 'jane@corp', email_verified: true })))?.name, 'jane@corp');
    assert.equal((await userOf(users, await sign({ email: 'jane@corp' })))?.name, 'jane@corp');
  });
});
