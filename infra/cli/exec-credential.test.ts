import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { stringify } from 'yaml';
import { clusterAccess } from './api-client.ts';
import { CliError } from './cli-error.ts';
import { execToken } from './exec-credential.ts';

describe('a kubeconfig with a program that signs in', () => {
  let directory: string;
  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'exec-'));
  });
  after(() => rmSync(directory, { recursive: true }));

  function kubeconfig(script: string): string {
    const file = join(directory, 'kubeconfig');
    const exec = { command: 'sh', args: ['-c', script], env: [{ name: 'WHO', value: 'jane' }], installHint: 'Install it.' };
    const text = stringify({
      clusters: [{ name: 'c', cluster: { server: 'https://api' } }],
      users: [{ name: 'u', user: { exec } }],
      contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
      'current-context': 'c',
    });
    writeFileSync(file, text);
    return file;
  }

  test('the program that a kubeconfig names gets its environment and KUBERNETES_EXEC_INFO, and its token is used', () => {
    const script = `printf '{"status":{"token":"%s"}}' "$WHO-$(printf %s "$KUBERNETES_EXEC_INFO" | cut -c16-46)"`;
    const access = clusterAccess({ dataDir: directory, kubeconfig: kubeconfig(script) });
    assert.deepEqual(access, { server: 'https://api', token: 'jane-client.authentication.k8s.io/v1' });
  });

  test('the error names the program that failed, and what it printed', () => {
    const file = kubeconfig('echo "not signed in" >&2; exit 3');
    assert.throws(
      () => execToken(file),
      (error) => {
        assert.ok(error instanceof CliError);
        assert.equal(error.message, `sh, which ${file} names to sign in with, failed: not signed in`);
        assert.equal(error.cure, 'Install it.');
        return true;
      },
    );
  });

  test('an answer without a token signs no user in', () => {
    const file = kubeconfig('echo "{}"');
    assert.throws(() => execToken(file), new CliError(`sh, which ${file} names to sign in with, returned no token.`));
  });
});
