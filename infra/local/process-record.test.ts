import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { eventually } from '../../test/support/eventually.ts';
import { endProcess, recordProcess, runningProcess } from './process-record.ts';

describe('a recorded process', () => {
  let directory: string;
  const file = (): string => join(directory, 'process.json');
  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'hibernetes-process-'));
  });
  after(() => rmSync(directory, { recursive: true }));

  /** Resolves once the script runs. */
  const start = async (script: string): Promise<number> => {
    const { pid, stdout } = spawn(process.execPath, ['-e', `${script}; process.stdout.write('runs')`], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    await once(stdout, 'data');
    assert.ok(pid !== undefined);
    return pid;
  };

  test('a recorded process is found while it runs, and not once it is gone', async () => {
    const { pid } = recordProcess(file(), await start('setInterval(() => {}, 1000)'));
    assert.equal(runningProcess(file())?.pid, pid);
    process.kill(pid, 'SIGKILL');
    await eventually(() => assert.equal(runningProcess(file()), undefined));
  });

  test('a recorded process is not mistaken for another that was given the same number', () => {
    recordProcess(file(), process.pid);
    const record = JSON.parse(readFileSync(file(), 'utf8'));
    writeFileSync(file(), JSON.stringify({ ...record, startTicks: '1' }));
    assert.equal(runningProcess(file()), undefined);
  });

  test('a recorded process is ended with patience first and force after, and forgotten', async () => {
    recordProcess(file(), await start('process.on("SIGTERM", () => {}); setInterval(() => {}, 1000)'));
    await endProcess(file(), 200);
    assert.equal(runningProcess(file()), undefined);
    assert.throws(() => readFileSync(file()), { code: 'ENOENT' });
  });

  test('a recorded process may be ended twice', async () => {
    await endProcess(file(), 0);
  });
});
