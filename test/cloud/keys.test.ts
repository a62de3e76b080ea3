/** `hibernetes keys rotate` on functions, in processes that started before: nothing is lost and every token stays good. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Client } from '../../functions/client/client.ts';
import { createHttpClient } from '../../functions/client/http-client.ts';
import { createHttpsFetch } from '../../functions/client/https-fetch.ts';
import { accessOfKubeconfig } from '../../functions/client/kubeconfig-access.ts';
import { secrets, serviceAccounts } from '../../functions/kube/resource-type.ts';
import { missingEngine } from '../support/dynamodb-engine.ts';

const cli = join(import.meta.dirname, '../../infra/cli/main.ts');
const hibernetes = (...words: readonly string[]): string => execFileSync(process.execPath, [cli, ...words], { encoding: 'utf8' });
const namespace = 'default';
const rotations = 3;

describe('keys of functions', { skip: missingEngine('dynoxide') }, () => {
  const directory = mkdtempSync(join(tmpdir(), 'hibernetes-keys-'));
  const where = ['--data-dir', directory];
  before(() => void hibernetes('up', ...where, '--cloud', 'local', '--listen', '127.0.0.1:0', '--nodes', '0', '--detach'));
  after(() => {
    hibernetes('down', ...where, '--delete-data');
    rmSync(directory, { recursive: true, force: true });
  });

  async function asked<T>(work: (client: Client) => Promise<T>, token?: string): Promise<T> {
    const access = accessOfKubeconfig(join(directory, 'kubeconfig'));
    const fetch = createHttpsFetch(token === undefined ? access : { ...access, token });
    try {
      return await work(createHttpClient({ baseUrl: access.server, fetch }));
    } finally {
      fetch.close();
    }
  }

  const newToken = (): Promise<string> =>
    asked(async (client) => {
      const request = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} };
      const at = { namespace, name: 'web' };
      const made = await client.createSubresource<{ status: { token: string } }>(serviceAccounts, at, 'token', request);
      return made.status.token;
    });
  /** A valid token gets 403, since its user may not read Secrets; an invalid one gets 401. */
  const answerTo = (token: string): Promise<string> =>
    asked((client) => client.list(secrets, { namespace }), token).then(
      () => 'allowed',
      (error: { readonly code: number }) => `${error.code}`,
    );
  const keyOf = (token: string): string =>
    (JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()) as { kid: string }).kid;

  test('keys of functions are replaced again and again while the functions live', async () => {
    await asked((client) => client.create(serviceAccounts, { metadata: { namespace, name: 'web' } }));
    const [names, tokens]: [string[], string[]] = [[], []];
    for (let rotation = 0; rotation <= rotations; rotation += 1) {
      const name = `after-${rotation}-rotations`;
      await asked((client) => client.create(secrets, { metadata: { namespace, name }, data: { a: 'Yg==' } }));
      names.push(name);
      tokens.push(await newToken());
      for (const known of names) {
        assert.deepEqual((await asked((client) => client.get(secrets, { namespace, name: known }))).data, { a: 'Yg==' }, known);
      }
      for (const token of tokens) assert.equal(await answerTo(token), '403');
      assert.equal(await answerTo(`${tokens[0]}x`), '401');
      if (rotation < rotations) hibernetes('keys', 'rotate', ...where);
    }
    assert.equal(new Set(tokens.map(keyOf)).size, tokens.length);
    const { envelopeKey } = JSON.parse(readFileSync(join(directory, 'cloud/secrets.json'), 'utf8')) as { envelopeKey: string };
    assert.equal(new Set(envelopeKey.split(',')).size, 1 + rotations);
  });
});
