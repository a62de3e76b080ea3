import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defaultNetworks } from '../kube/cluster-networks.ts';
import { SettingsError, settingNames, settingsOf } from './settings.ts';

const key = Buffer.alloc(32, 7).toString('base64');
const from = (variables: Record<string, string>) => settingsOf((name) => variables[name]);
const least = { [settingNames.table]: 't', [settingNames.envelopeKey]: key };

test('former envelope keys stand behind the current one', () => {
  const former = Buffer.alloc(32, 8);
  const { envelopeKey, formerEnvelopeKeys } = from({ ...least, [settingNames.envelopeKey]: `${key}, ${former.toString('base64')}` });
  assert.deepEqual([envelopeKey, formerEnvelopeKeys], [Buffer.alloc(32, 7), [former]]);
});

test('a table and an envelope key are enough', () => {
  const settings = from(least);
  assert.deepEqual(settings, {
    table: 't',
    defaultCluster: 'default',
    queues: {},
    deadlineQueue: undefined,
    envelopeKey: Buffer.alloc(32, 7),
    certificateAuthorityPem: '',
    advertise: { address: '192.0.2.1', port: 443 },
    iam: undefined,
    adminSecret: undefined,
    networks: defaultNetworks,
    hasDashboard: true,
  });
});

test('every setting of a deployment is read', () => {
  const settings = from({
    ...least,
    [settingNames.queues.scheduler]: 'https://q/s',
    [settingNames.advertise]: '10.0.0.1:6443',
    [settingNames.cluster]: 'blue',
    [settingNames.iamScope]: 'id',
    [settingNames.administrators]: 'arn:a, arn:b',
    [settingNames.adminSecret]: 'secret',
    [settingNames.dashboard]: 'off',
    [settingNames.networks]: JSON.stringify({ podCidr: '10.100.0.0/16' }),
  });
  assert.deepEqual(settings.queues, { scheduler: 'https://q/s' });
  assert.deepEqual(settings.advertise, { address: '10.0.0.1', port: 6443 });
  assert.deepEqual(settings.iam, { scope: 'id', administrators: ['arn:a', 'arn:b'] });
  assert.deepEqual(settings.networks, { ...defaultNetworks, podCidr: '10.100.0.0/16' });
  assert.deepEqual([settings.defaultCluster, settings.adminSecret, settings.hasDashboard], ['blue', 'secret', false]);
});

test('what is missing or cannot be read is named', () => {
  assert.throws(() => from({}), new SettingsError('the environment variable HIBERNETES_TABLE is missing'));
  assert.throws(
    () => from({ ...least, [settingNames.envelopeKey]: 'c2hvcnQ=' }),
    new SettingsError('HIBERNETES_ENVELOPE_KEY must be 32 bytes in base64'),
  );
  assert.throws(
    () => from({ ...least, [settingNames.advertise]: 'x' }),
    new SettingsError('HIBERNETES_ADVERTISE must be ADDRESS:PORT, not x'),
  );
});
