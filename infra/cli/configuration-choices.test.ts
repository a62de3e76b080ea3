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
const choose = (options: Partial<UpOptions>, cloud?: 'local') =>
  chooseConfigurations({ dataDir: '/nowhere', runtime: 'simulated', ...options }, { before: record, cloud });

test('hibernetes up without flags keeps the configurations of the cluster', async () => {
  const { admission, authentication, authorization, scheduler } = record;
  assert.deepEqual(await choose({}), { admission, authentication, authorization, scheduler });
});

test('hibernetes up with flags for admission plug-ins forgets the recorded ones', async () => {
  const { admission, authorization } = await choose({ enableAdmissionPlugins: ['AlwaysPullImages'] });
  assert.deepEqual([admission, authorization], [{ enable: ['AlwaysPullImages'] }, record.authorization]);
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
