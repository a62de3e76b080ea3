/** What commands print, and how they exit, where there is no cluster to ask. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { runCommandLine } from '../support/cluster-process.ts';
import { eventually } from '../support/eventually.ts';

describe('a command without a cluster', { concurrency: 2 }, () => {
  let directory: string;
  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'cli-'));
  });
  after(() => rmSync(directory, { recursive: true }));

  const nothing = (): string => join(directory, 'nothing');

  for (const command of [
    ['status'],
    ['cost'],
    ['kubeconfig'],
    ['token', 'create'],
    ['token', 'list'],
    ['token', 'delete', 'abcdef'],
    ['node', 'stop', 'a'],
  ]) {
    test(`${command.join(' ')} names what makes one`, async () => {
      const { code, stdout, stderr } = await runCommandLine([...command, '--data-dir', nothing()]);
      assert.deepEqual([code, stdout], [1, '']);
      assert.equal(stderr, `error: There is no cluster in ${nothing()}.\n  hibernetes up makes one.\n`);
    });
  }

  test('up refuses a component that there is not, and names those that there are', async () => {
    const { code, stderr } = await runCommandLine(['up', '--without', 'kubelet', '--runtime', 'simulated', '--data-dir', nothing()]);
    assert.equal(code, 1);
    assert.equal(
      stderr,
      'error: There is no component kubelet.\n  Of kube-controller-manager and kube-scheduler, infra/local/README.md shows how to run them instead.\n',
    );
  });

  test('up that fails while nodes start ends what it had started', async () => {
    const root = join(directory, 'failing');
    mkdirSync(root);
    // Simulated nodes keep their files in a directory of this name.
    writeFileSync(join(root, 'simulated'), 'a file');
    const words = ['--runtime', 'simulated', '--nodes', '1', '--listen', '127.0.0.1:0', '--data-dir', root];
    const { code, stderr } = await runCommandLine(['up', '--detach', ...words]);
    assert.equal(code, 1);
    assert.match(stderr, /ENOTDIR|EEXIST|not a directory/);
    const { pid } = JSON.parse(readFileSync(join(root, 'control-plane.json'), 'utf8'));
    await eventually(async () => assert.throws(() => process.kill(pid, 0), { code: 'ESRCH' }));
  });

  test('a kubeconfig that is not there is named', async () => {
    const { code, stderr } = await runCommandLine(['status', '--kubeconfig', nothing()]);
    assert.deepEqual([code, stderr], [1, `error: There is no file ${nothing()}.\n`]);
  });

  test('an API that does not answer is no stack trace', async () => {
    const file = join(directory, 'kubeconfig');
    const parts = [
      'clusters: [{ name: c, cluster: { server: "https://127.0.0.1:9" } }]',
      'contexts: [{ name: c, context: { cluster: c, user: c } }]',
      'current-context: c',
    ];
    writeFileSync(file, parts.join('\n'));
    const { code, stderr } = await runCommandLine(['token', 'list', '--kubeconfig', file]);
    assert.equal(code, 1);
    assert.equal(stderr, 'error: The API does not answer: connect ECONNREFUSED 127.0.0.1:9.\n  hibernetes status shows what runs.\n');
  });

  test('networks that cannot be, and others than a cluster was made with, are refused', async () => {
    const up = async (root: string, ...flags: string[]): Promise<string> => {
      const { code, stderr } = await runCommandLine(['up', '--runtime', 'simulated', '--data-dir', root, ...flags]);
      assert.equal(code, 1);
      return stderr;
    };
    assert.match(
      await up(nothing(), '--pod-cidr', '10.77.0.0/16'),
      /error: --pod-cidr: 10\.77\.0\.0\/16 overlaps with the nodes' network, 10\.77\.0\.0\/16\.\n/,
    );
    const made = join(directory, 'made');
    mkdirSync(made);
    const record = { id: 'abcdef', runtime: 'simulated', nodes: 1, host: '127.0.0.1', port: 0 };
    writeFileSync(join(made, 'cluster.json'), JSON.stringify(record));
    assert.match(
      await up(made, '--cluster-domain', 'corp.example'),
      /error: This cluster was made with cluster\.local, not corp\.example\.\n {2}Another --data-dir makes another cluster\.\n/,
    );
  });

  test('a wrong time, token or address gets an error that names what is right', async () => {
    const ttl = await runCommandLine(['token', 'create', '--ttl', 'soon']);
    assert.equal(
      ttl.stderr,
      "error: option '--ttl <time>' argument 'soon' is invalid. a time such as 30m, 24h or 7d is wanted\n(see --help)\n",
    );
    const address = await runCommandLine(['join', 'http://a', '--token', 'abcdef.0123456789abcdef']);
    assert.equal(
      address.stderr,
      'error: http://a is no address of an API.\n  It looks like https://10.0.0.1:6443; hibernetes token create prints it.\n',
    );
    assert.deepEqual([ttl.code, address.code], [1, 1]);
  });

  test('any command prints JSON and nothing else where a program asks for it', async () => {
    const { code, stdout, stderr } = await runCommandLine(['down', '-o', 'json', '--data-dir', nothing()]);
    assert.deepEqual([code, JSON.parse(stdout)], [0, { dataDirectory: nothing(), dataDeleted: false }]);
    assert.match(stderr, /^✓ Stopping the control plane/);
  });

  test('every command prints its flags', async () => {
    for (const command of [
      'up',
      'down',
      'status',
      'kubeconfig',
      'join',
      'token',
      'node',
      'deploy',
      'destroy',
      'create',
      'list',
      'delete',
    ]) {
      const { code, stdout } = await runCommandLine([command, '--help']);
      assert.equal(code, 0, command);
      assert.ok(stdout.startsWith(`Usage: hibernetes ${command}`), stdout);
    }
  });
});
