import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { settingsOf } from '../../functions/cloud/settings.ts';
import { accessVariables } from './access-configurations.ts';
import { DeploymentError } from './deployment.ts';

const directory = mkdtempSync(join(tmpdir(), 'access-'));
after(() => rmSync(directory, { recursive: true }));

function file(name: string, document: object): string {
  writeFileSync(join(directory, name), JSON.stringify(document));
  return join(directory, name);
}

const issuer = (more: object = {}): object => ({
  apiVersion: 'apiserver.config.k8s.io/v1',
  kind: 'AuthenticationConfiguration',
  jwt: [
    { issuer: { url: 'https://id.example.com', audiences: ['us'], ...more }, claimMappings: { username: { claim: 'sub', prefix: '' } } },
  ],
});

const webhook = (user: object): object => ({
  apiVersion: 'apiserver.config.k8s.io/v1',
  kind: 'AuthorizationConfiguration',
  authorizers: [
    { type: 'Node', name: 'node' },
    { type: 'RBAC', name: 'rbac' },
    {
      type: 'Webhook',
      name: 'policy.example.com',
      webhook: {
        timeout: '3s',
        subjectAccessReviewVersion: 'v1',
        matchConditionSubjectAccessReviewVersion: 'v1',
        failurePolicy: 'Deny',
        connectionInfo: { type: 'KubeConfigFile', kubeConfigFile: file('kubeconfig', kubeconfig(user)) },
      },
    },
  ],
});

const kubeconfig = (user: object, path = 'authorize'): object => ({
  'current-context': 'c',
  contexts: [{ name: 'c', context: { cluster: 's', user: 'u' } }],
  clusters: [{ name: 's', cluster: { server: `https://policy.example.com/${path}` } }],
  users: [{ name: 'u', user }],
});

const chosen = (choices: Readonly<Record<string, string>>): ReturnType<typeof accessVariables> => accessVariables((name) => choices[name]);

test('without a choice no variable is set', async () => {
  assert.deepEqual(await chosen({}), {});
});

test('the functions read what was chosen from their variables', async () => {
  const variables = await chosen({
    authenticationConfig: file('authentication.json', issuer()),
    authenticationTokenWebhookConfigFile: file('tokens', kubeconfig({})),
    authenticationTokenWebhookCacheTtl: '30s',
    authorizationConfig: file('authorization.json', webhook({})),
  });
  const needed: Readonly<Record<string, string>> = { HIBERNETES_TABLE: 't', HIBERNETES_ENVELOPE_KEY: Buffer.alloc(32).toString('base64') };
  const { authentication, authorization } = settingsOf((name) => ({ ...needed, ...variables })[name]);
  assert.equal(authentication?.jwt[0]?.issuer.url, 'https://id.example.com');
  assert.deepEqual(authentication?.tokenWebhook, {
    access: { server: 'https://policy.example.com/authorize' },
    reviewVersion: 'v1beta1',
    keptMs: 30_000,
  });
  assert.deepEqual(
    authorization?.authorizers.map(({ type }) => type),
    ['Node', 'RBAC', 'Webhook'],
  );
});

/** What the message begins with: the choice to change. */
const wrong: Readonly<Record<string, readonly [blamed: string, choices: () => Readonly<Record<string, string>>]>> = {
  'a file that is missing': ['authenticationConfig: ', () => ({ authenticationConfig: join(directory, 'none') })],
  'an issuer without TLS': [
    'authenticationConfig: ',
    () => ({ authenticationConfig: file('plain.json', issuer({ url: 'http://id.example.com' })) }),
  ],
  'a file that is too long': [
    'authenticationConfig: ',
    () => ({ authenticationConfig: file('long.json', issuer({ audiences: ['x'.repeat(2_000)] })) }),
  ],
  'a token webhook with a key of its own': [
    'authenticationTokenWebhookConfigFile: ',
    () => ({ authenticationTokenWebhookConfigFile: file('with-token', kubeconfig({ token: 'secret' })) }),
  ],
  'a token webhook in a version that there is not': [
    'authenticationTokenWebhookConfigFile: ',
    () => ({ authenticationTokenWebhookConfigFile: file('tokens-v2', kubeconfig({})), authenticationTokenWebhookVersion: 'v2' }),
  ],
  'a token webhook whose kubeconfig is too long': [
    'authenticationTokenWebhookConfigFile: ',
    () => ({ authenticationTokenWebhookConfigFile: file('long', kubeconfig({}, 'x'.repeat(2_000))) }),
  ],
  'a token webhook that is too long together with an issuer': [
    'authenticationConfig and authenticationTokenWebhookConfigFile: ',
    () => ({
      authenticationConfig: file('half.json', issuer({ audiences: ['x'.repeat(900)] })),
      authenticationTokenWebhookConfigFile: file('half', kubeconfig({}, 'x'.repeat(900))),
    }),
  ],
  'the version of a token webhook that is not chosen': [
    'authenticationTokenWebhookVersion: ',
    () => ({ authenticationTokenWebhookVersion: 'v1' }),
  ],
  'the time that a token webhook’s answers are kept, where none is chosen': [
    'authenticationTokenWebhookCacheTtl: ',
    () => ({ authenticationTokenWebhookCacheTtl: '30s' }),
  ],
  'a webhook with a token': ['authorizationConfig: ', () => ({ authorizationConfig: file('token.json', webhook({ token: 'secret' })) })],
};
for (const [what, [blamed, choices]] of Object.entries(wrong)) {
  test(`${what} is refused before anything is deployed`, async () => {
    await assert.rejects(chosen(choices()), (error) => error instanceof DeploymentError && error.message.startsWith(blamed));
  });
}
