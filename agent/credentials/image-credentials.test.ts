import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { virtualWorld } from '../../test/support/virtual-world.ts';
import { createImageCredentials } from './image-credentials.ts';
import { matchesImage, repositoryOf } from './image-match.ts';
import { parseProviders } from './provider-config.ts';
import { runProvider } from './run-program.ts';

const apiVersion = 'credentialprovider.kubelet.k8s.io/v1';
const config = (more = '') => `
apiVersion: kubelet.config.k8s.io/v1
kind: CredentialProviderConfig
providers:
- name: ecr
  apiVersion: ${apiVersion}
  matchImages: ['*.dkr.ecr.*.amazonaws.com']
  defaultCacheDuration: 12h
  args: [get-credentials]
  env: [{ name: GREETING, value: hello }]
${more}`;

const ecr = '12.dkr.ecr.eu-central-1.amazonaws.com';
const answer = (cacheKeyType: string, more: object = {}) =>
  JSON.stringify({
    kind: 'CredentialProviderResponse',
    apiVersion,
    cacheKeyType,
    auth: { [ecr]: { username: 'AWS', password: 'p' } },
    ...more,
  });

async function node(print: string | Error, more?: string) {
  const world = virtualWorld();
  const asked: string[] = [];
  const credentials = createImageCredentials({
    ...world,
    providers: await parseProviders(config(more)),
    directory: '/programs',
    run: async ({ path, args, env, input }) => {
      asked.push([path, ...args, env['GREETING'], (JSON.parse(input) as { image: string }).image].join(' '));
      if (print instanceof Error) throw print;
      return print;
    },
  });
  return { world, asked, of: (image: string) => credentials.credential(image) };
}

describe('the credential of an image', () => {
  test('the credential of an image comes from the program whose pattern matches', async () => {
    const { of, asked } = await node(answer('Registry'));
    assert.deepEqual(await of(`${ecr}/team/web:v1`), { username: 'AWS', password: 'p' });
    assert.equal(await of('nginx'), undefined);
    assert.deepEqual(asked, [`/programs/ecr get-credentials hello ${ecr}/team/web`]);
  });

  test('the credential of an image is kept for the registry or the image, as long as the answer states', async () => {
    for (const [kind, more, count] of [
      ['Registry', {}, 1],
      ['Global', {}, 1],
      ['Image', {}, 2],
      ['Registry', { cacheDuration: '0s' }, 2],
    ] as const) {
      const { of, asked } = await node(answer(kind, more));
      await of(`${ecr}/a`);
      await of(`${ecr}/b`);
      assert.equal(asked.length, count, kind);
    }
    const { world, of, asked } = await node(answer('Registry', { cacheDuration: '1h' }));
    await of(`${ecr}/a`);
    await world.advance(3_600_001);
    await of(`${ecr}/a`);
    assert.equal(asked.length, 2);
  });

  test('the credential of an image is asked for once, though many pods want it', async () => {
    const { of, asked } = await node(answer('Registry'));
    await Promise.all([of(`${ecr}/a`), of(`${ecr}/a`), of(`${ecr}/a:v2`)]);
    assert.equal(asked.length, 1);
  });

  test('the credential of an image is none where the program fails', async () => {
    const { of, world } = await node(new Error('no role'));
    assert.equal(await of(`${ecr}/a`), undefined);
    assert.deepEqual(
      world.lines.map(({ keys }) => keys['error']),
      ['no role'],
    );
  });
});

test('a pattern matches part by part, with the port and the path it begins with', () => {
  const cases: readonly [pattern: string, image: string, matches: boolean][] = [
    ['*.dkr.ecr.*.amazonaws.com', `${ecr}/web`, true],
    ['*.amazonaws.com', `${ecr}/web`, false],
    ['gcr.io/team', 'gcr.io/team/web', true],
    ['gcr.io/team', 'gcr.io/other', false],
    ['registry.io:8080', 'registry.io:8080/web', true],
    ['registry.io', 'registry.io:8080/web', false],
    ['*.k*.io', 'registry.k8s.io/pause', true],
    ['docker.io', 'docker.io/library/nginx', true],
  ];
  for (const [pattern, image, matches] of cases) assert.equal(matchesImage(pattern, image), matches, `${pattern} ${image}`);
});

test('a repository is the image without tag and digest, with its registry', () => {
  assert.deepEqual(['nginx:1.27', 'team/web', 'localhost:5000/web:v1', 'gcr.io/a/b@sha256:00'].map(repositoryOf), [
    'docker.io/library/nginx',
    'docker.io/team/web',
    'localhost:5000/web',
    'gcr.io/a/b',
  ]);
});

test('a configuration that cannot be honoured is refused', async () => {
  const refused = (more: string, message: RegExp): Promise<void> => assert.rejects(parseProviders(config(more)), message);
  await refused('  tokenAttributes: { serviceAccountTokenAudience: x }', /tokenAttributes are not supported by this node/);
  await refused(`- { name: ecr, apiVersion: ${apiVersion}, matchImages: [a], defaultCacheDuration: 1m }`, /Duplicate value: "ecr"/);
  await refused(`- { name: b, apiVersion: ${apiVersion}, matchImages: [], defaultCacheDuration: 1m }`, /at least 1 item in matchImages/);
  await assert.rejects(parseProviders('{}'), /a CredentialProviderConfig of .* is wanted/);
});

describe('a program', () => {
  const directory = mkdtempSync(join(tmpdir(), 'credentials-'));
  after(() => rmSync(directory, { recursive: true }));
  const program = (script: string) => {
    const path = join(directory, 'provider');
    writeFileSync(path, `#!/bin/sh\n${script}\n`);
    chmodSync(path, 0o755);
    return runProvider({ path, args: ['x'], env: { COLOR: 'blue' }, input: '{"a":1}' });
  };

  test('a program gets the request, its words and variables', async () =>
    assert.equal(await program('echo "$1 $COLOR $(cat)"'), 'x blue {"a":1}\n'));
  test('a program that fails is reported with what it printed', () =>
    assert.rejects(program('echo broken >&2; exit 3'), /provider: broken$/));
});
