/** What a user sees when something fails: a sentence, never a stack. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { runCommandLine } from '../support/cluster-process.ts';

describe('a command that fails', () => {
  const directory = mkdtempSync(join(tmpdir(), 'hibernetes-fail-'));
  after(() => rmSync(directory, { recursive: true }));
  const file = join(directory, 'file');
  writeFileSync(file, 'not a cluster');

  const cases: readonly (readonly [string, readonly string[], RegExp])[] = [
    ['without a cluster', ['status', '--data-dir', join(directory, 'none')], /^error: There is no cluster in /],
    [
      'with a file in the place of a directory',
      ['up', '--data-dir', join(file, 'x'), '--runtime', 'simulated'],
      /^error: .* is not below a directory\.\n$/,
    ],
    ['with a kubeconfig that is none', ['status', '--kubeconfig', file], /^error: /],
    [
      'with a backup that is not there',
      ['restore', join(directory, 'none'), '--data-dir', join(directory, 'new')],
      /^error: There is no file /,
    ],
    ['with a command that is unknown', ['dance'], /^error: unknown command 'dance'/],
  ];
  for (const [name, words, message] of cases)
    test(`${name} prints one sentence`, async () => {
      const { code, stdout, stderr } = await runCommandLine(words);
      assert.equal(code, 1);
      assert.match(stderr, message);
      assert.doesNotMatch(`${stdout}${stderr}`, /^ {4}at |node:internal|\.ts:\d/m);
    });

  test('a command that fails at a taken port prints one sentence and a cure', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { readonly port: number };
    const data = join(directory, 'data');
    const { code, stderr } = await runCommandLine(['up', '--data-dir', data, '--runtime', 'simulated', '--listen', `127.0.0.1:${port}`]);
    server.close();
    assert.equal(code, 1);
    assert.equal(
      stderr,
      `error: Another program listens on 127.0.0.1:${port} already.\n  --listen HOST:PORT takes another address; port 0 takes a free one.\n`,
    );
  });
});
