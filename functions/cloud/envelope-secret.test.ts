import assert from 'node:assert/strict';
import { test } from 'node:test';
import { refusal, startScriptedDynamodb, type ServiceAnswer } from '../../test/support/scripted-dynamodb.ts';
import { realWorld } from '../world.ts';
import { withEnvelopeKey } from './envelope-secret.ts';
import { type Environment, settingNames, SettingsError, settingsOf } from './settings.ts';

const arn = 'arn:aws:secretsmanager:eu-west-1:1:secret:EnvelopeKey';
const key = Buffer.alloc(32, 7);
const deployed = (name: string): string | undefined => ({ [settingNames.table]: 't', [settingNames.envelopeSecret]: arn })[name];

/** Without pauses: how long they are is no concern of these tests. */
const world = { clock: { ...realWorld('error').clock, sleep: () => Promise.resolve() } };

async function started(answers: readonly (ServiceAnswer | undefined)[], environment: Environment = deployed) {
  let asked = 0;
  const scripted = await startScriptedDynamodb(() => answers[Math.min(asked++, answers.length - 1)]);
  const access = { region: 'eu-west-1', endpoint: scripted.endpoint, credentials: { accessKeyId: 'a', secretAccessKey: 'b' } };
  try {
    return { settings: settingsOf(await withEnvelopeKey(environment, world, access)), requests: scripted.requests };
  } catch (error) {
    return { error, requests: scripted.requests };
  } finally {
    scripted.stop();
  }
}

test('the key is read from its secret, once', async () => {
  const { settings, requests } = await started([{ body: { SecretString: key.toString('base64').replace('=', '') } }]);
  assert.deepEqual([settings?.envelopeKey, requests.length], [key, 1]);
  assert.equal(requests[0]?.headers['x-amz-target'], 'secretsmanager.GetSecretValue');
  assert.equal(requests[0]?.headers['content-type'], 'application/x-amz-json-1.1');
  assert.deepEqual(JSON.parse(requests[0]?.body ?? ''), { SecretId: arn });
});

test('former keys stand behind the current one in the secret, too', async () => {
  const former = Buffer.alloc(32, 9);
  const { settings } = await started([{ body: { SecretString: `${key.toString('base64')},${former.toString('base64')}` } }]);
  assert.deepEqual(settings?.formerEnvelopeKeys, [former]);
});

test('what passes is tried again, and no longer than a start may take', async () => {
  const trouble = refusal('InternalServiceError', 'not now', 500);
  const good = { body: { SecretString: key.toString('base64') } };
  assert.equal((await started([trouble, { body: {}, breaksAfter: 0 }, good])).settings?.envelopeKey.length, 32);
  const { error, requests } = await started([trouble]);
  assert.ok(error instanceof SettingsError);
  assert.equal(requests.length, 4);
});

for (const [what, answer] of [
  ['is not there', refusal('ResourceNotFoundException', 'no')],
  ['may not be read', refusal('AccessDeniedException', 'no')],
  ['may not be unsealed', refusal('DecryptionFailure', 'no')],
  ['holds no text', { body: { SecretBinary: 'AA==' } }],
  ['holds a key that is too short', { body: { SecretString: 'AAAA' } }],
] as const) {
  test(`a function does not start where the secret ${what}, and asks once`, async () => {
    const { error, requests } = await started([answer]);
    assert.ok(error instanceof SettingsError);
    assert.equal(requests.length, 1);
    assert.equal(error.message.includes('AAAA'), false);
  });
}

test('a function does not start with neither the key nor its secret', async () => {
  const { error, requests } = await started([], (name) => (name === settingNames.table ? 't' : undefined));
  assert.ok(error instanceof SettingsError);
  assert.equal(requests.length, 0);
});
