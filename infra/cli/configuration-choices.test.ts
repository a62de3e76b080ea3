import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ClusterRecord } from '../local/cluster-record.ts';
import { CliError } from './cli-error.ts';
import { chooseConfigurations } from './configuration-choices.ts';
import type { UpOptions } from './up.ts';

const record: ClusterRecord = {
  id: 'a1b2c3',
  runtime: 'simulated',
  nodes: 1,
  host: '127.0.0.1',
  port: 6443,
  admission: { disable: ['ServiceAccount'] },
  authorization: { authorizers: [{ type: 'RBAC', name: 'rbac' }] },
};
const choose = (options: Partial<UpOptions>, cloud?: 'local', before = record) =>
  chooseConfigurations({ dataDir: '/nowhere', runtime: 'simulated', ...options }, { before, cloud });

test('hibernetes up without flags keeps the configurations of the cluster', async () => {
  const { admission, authentication, authorization, scheduler } = record;
  assert.deepEqual(await choose({}), { admission, authentication, authorization, scheduler });
});

test('hibernetes up with flags for admission plug-ins forgets the recorded ones', async () => {
  const { admission, authorization } = await choose({ enableAdmissionPlugins: ['AlwaysPullImages'] });
  assert.deepEqual([admission, authorization], [{ enable: ['AlwaysPullImages'] }, record.authorization]);
});

const tokenWebhook = { access: { server: 'https://tokens.example.com' }, reviewVersion: 'v1', keptMs: 30_000 } as const;
const authentication = { jwt: [], anonymous: { enabled: false } };
const withWebhook: ClusterRecord = { ...record, authentication: { ...authentication, tokenWebhook } };
const webhookChoices: Readonly<Record<string, readonly [options: Partial<UpOptions>, authentication: ClusterRecord['authentication']]>> = {
  'no flag keeps it': [{}, { ...authentication, tokenWebhook }],
  '--authentication-token-webhook-config-file none drops it': [{ authenticationTokenWebhookConfigFile: 'none' }, authentication],
  '--authentication-token-webhook-version alone changes its version': [
    { authenticationTokenWebhookVersion: 'v1beta1' },
    { ...authentication, tokenWebhook: { ...tokenWebhook, reviewVersion: 'v1beta1' } },
  ],
  '--authentication-token-webhook-cache-ttl alone changes how long answers are kept': [
    { authenticationTokenWebhookCacheTtl: '5s' },
    { ...authentication, tokenWebhook: { ...tokenWebhook, keptMs: 5_000 } },
  ],
};
for (const [what, [options, wanted]] of Object.entries(webhookChoices))
  test(`hibernetes up with a recorded token webhook: ${what}`, async () => {
    assert.deepEqual((await choose(options, undefined, withWebhook)).authentication, wanted);
  });

test('hibernetes up configures no token webhook where there is none, or where it is dropped', async () => {
  const message = 'There is no webhook to configure.';
  await assert.rejects(choose({ authenticationTokenWebhookVersion: 'v1' }), { message });
  const dropped = { authenticationTokenWebhookConfigFile: 'none', authenticationTokenWebhookCacheTtl: '5s' };
  await assert.rejects(choose(dropped, undefined, withWebhook), { message });
});

test('hibernetes up refuses a version of the recorded token webhook that there is not', async () => {
  const message = 'unsupported authentication webhook version "v2", supported versions are "v1", "v1beta1"';
  await assert.rejects(choose({ authenticationTokenWebhookVersion: 'v2' }, undefined, withWebhook), { name: 'CliError', message });
});

const missing = '/nowhere/config.yaml';
const refusals: readonly (readonly [flag: string, options: Partial<UpOptions>, message: string])[] = [
  [
    '--admission-control-config-file',
    { admissionControlConfigFile: missing },
    `unable to read admission control configuration from "${missing}" [open ${missing}: no such file or directory]`,
  ],
  [
    '--authentication-config',
    { authenticationConfig: missing },
    `failed to load authentication configuration from file "${missing}": open ${missing}: no such file or directory`,
  ],
  [
    '--authorization-config',
    { authorizationConfig: missing },
    `failed to load AuthorizationConfiguration from file: open ${missing}: no such file or directory`,
  ],
  ['--scheduler-config', { schedulerConfig: missing }, `open ${missing}: no such file or directory`],
];
for (const [flag, options, message] of refusals)
  test(`hibernetes up ${flag} with a missing file fails with upstream’s message and a cure`, async () => {
    await assert.rejects(choose(options), (error) => error instanceof CliError && error.message === message && error.cure !== undefined);
  });

test('hibernetes up refuses --scheduler-config together with --cloud', async () => {
  await assert.rejects(choose({ schedulerConfig: missing }, 'local'), { message: '--scheduler-config works without --cloud only.' });
});
