/** `hibernetes prove` on an emulator of AWS: as its user would, the test joins machines by the command that it prints. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { ProofReport } from '../../infra/cli/prove/proof.ts';
import { runningGate } from '../../infra/cli/gate/gate-home.ts';
import { newestKubectl } from '../support/kubectl.ts';
import { account, region, startEmulator, type Emulator } from './emulator/start.ts';
import { hasContainers, joinNodes, type JoinedNodes } from './joined-nodes.ts';

const stack = 'HibernetesProof';
const commandLine = join(import.meta.dirname, '../../infra/cli/main.ts');

describe('hibernetes prove on an emulator of AWS', () => {
  let emulator: Emulator;
  let nodes: JoinedNodes | undefined;

  before(async () => {
    emulator = await startEmulator();
    const { code, stderr } = await emulator.run('cdk', ['bootstrap', `aws://${account}/${region}`, '--no-notices']);
    assert.equal(code, 0, stderr);
  });
  after(async () => {
    await nodes?.stop();
    if (emulator === undefined) return;
    const gate = runningGate(join(emulator.directory, 'data/aws', stack, 'default.gate'));
    if (gate !== undefined) process.kill(gate.pid);
    await emulator.close();
  });

  /** Its own kubectl is the newest of this machine. */
  function environment(): NodeJS.ProcessEnv {
    const programs = join(emulator.directory, 'programs');
    mkdirSync(programs, { recursive: true });
    symlinkSync(newestKubectl(), join(programs, 'kubectl'));
    const { kubectlEnvironment } = emulator;
    return { ...process.env, ...kubectlEnvironment, PATH: `${programs}:${kubectlEnvironment['PATH'] ?? ''}` };
  }

  test('refuses what may cost more than is allowed', async () => {
    const { code, stderr } = await emulator.run(process.execPath, [commandLine, 'prove', '--cents', '1', '--yes']);
    assert.equal(code, 1);
    assert.match(stderr, /^error: 30 minutes with 2 machines may cost \d+ cents, and 1 are allowed\.$/m);
  });

  test('deploys, joins, runs, measures, rolls, changes and removes', async () => {
    const words = ['--own-machines', '--host', 'function-url', '--image', 'nginx/nginx:v1', '--nodes', hasContainers ? '2' : '1', '--yes'];
    const places = ['--data-dir', join(emulator.directory, 'data'), '-o', 'json'];
    const child = spawn(process.execPath, [commandLine, 'prove', ...words, ...places], {
      env: environment(),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let [stdout, stderr] = ['', ''];
    let joining: Promise<void> | undefined;
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
      const [, server, token] = /hibernetes join (\S+) --token (\S+)\n/.exec(stderr) ?? [];
      if (server === undefined || token === undefined) return;
      joining ??= joinNodes({ server, token, directory: emulator.directory, environment: emulator.environment }).then(
        (joined) => void (nodes = joined),
      );
    });
    await once(child, 'close');
    await joining;
    const report = JSON.parse(stdout) as ProofReport;
    assert.deepEqual(
      report.steps.filter(({ isProven }) => !isProven).map(({ name }) => name),
      hasContainers ? [] : ['a program runs in a container'],
      `${stderr}\n${stdout}`,
    );
    assert.equal(report.steps.length, 9);
    assert.deepEqual([report.reads?.count, report.writes?.count], [30, 30]);
    assert.doesNotMatch(stdout, new RegExp(account));
  });

  test('leaves nothing of it in the account', async () => {
    const left = await emulator.account.belongingsOf(stack);
    assert.deepEqual(left, { tables: [], secrets: [], functions: [], queues: [], logGroups: [], roles: [] });
  });
});
