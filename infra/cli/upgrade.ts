/**
 * `hibernetes upgrade [--to FILE]`: a cluster of this machine goes on with this version, or with the npm package FILE.
 * Control plane first, then the agents of its nodes; pods run on. An older version takes the cluster
 * back in the same way, until `upgrade finalize`.
 */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { clusterRecord } from '../local/cluster-record.ts';
import { dataDirectory, type DataDirectory } from '../local/data-directory.ts';
import { runningProcess } from '../local/process-record.ts';
import { CliError } from './cli-error.ts';
import { ownProgram, programVersion } from './own-program.ts';
import { print, progressOf, type OutputChoice } from './output.ts';
import { handOverSignal } from './up.ts';
import { upgradeAgentsOf } from './upgrade-agents.ts';

export interface UpgradeOptions extends OutputChoice {
  readonly dataDir: string;
  readonly to?: string;
  readonly drain?: boolean;
  /** Seconds. */
  readonly grace: number;
}

const handOverMsMax = 60_000;
const askAgainMs = 50;
const installMsMax = 600_000;

/** npm puts it into a folder of its own, so that the way back is there. */
async function installed(file: string, directory: DataDirectory): Promise<string> {
  if (!existsSync(file)) throw new CliError(`There is no file ${file}.`, 'npm pack hibernetes, or npm run package in a clone, makes one.');
  const folder = join(directory.root, 'versions', basename(file).replace(/\.(tgz|tar\.gz)$/, ''));
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  try {
    await promisify(execFile)(
      'npm',
      ['install', '--prefix', folder, '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error', file],
      {
        timeout: installMsMax,
      },
    );
  } catch (error) {
    const text = error instanceof Error && 'stderr' in error ? String(error.stderr).trim().split('\n')[0] : String(error);
    throw new CliError(`npm could not install ${file}: ${text}`);
  }
  const program = join(folder, 'node_modules/.bin/hibernetes');
  if (!existsSync(program)) throw new CliError(`${file} is no package of hibernetes.`);
  return program;
}

/** With `-o json`, what it prints for people goes to standard error. */
async function runHere(command: readonly string[], { output }: OutputChoice = {}): Promise<void> {
  const [program = '', ...words] = command;
  const [code] = (await once(spawn(program, words, { stdio: ['inherit', output === 'json' ? 2 : 'inherit', 'inherit'] }), 'exit')) as [
    number | null,
  ];
  if (code !== 0)
    throw new CliError(
      `${command.join(' ')} ended with code ${code ?? 'none'}.`,
      'The nodes and their pods run on; the reason is in what it printed.',
    );
}

async function handOver(directory: DataDirectory): Promise<void> {
  const record = runningProcess(directory.controlPlaneRecord);
  if (record === undefined) return;
  process.kill(record.pid, handOverSignal);
  for (let waitedMs = 0; runningProcess(directory.controlPlaneRecord) !== undefined; waitedMs += askAgainMs) {
    if (waitedMs > handOverMsMax)
      throw new CliError(
        `The control plane (process ${record.pid}) does not end.`,
        `kill -9 ${record.pid} loses nothing; then run this again.`,
      );
    await new Promise((settle) => setTimeout(settle, askAgainMs));
  }
}

export async function upgrade({ dataDir, to, drain, grace, ...choice }: UpgradeOptions): Promise<void> {
  const directory = dataDirectory(resolve(dataDir));
  if (clusterRecord(directory) === undefined) throw new CliError(`There is no cluster in ${dataDir}.`, 'hibernetes up makes one.');
  const progress = progressOf(choice);
  const flags = [...(choice.output === 'json' ? ['-o', 'json'] : []), ...(drain === true ? ['--drain'] : []), '--grace', String(grace)];
  if (to !== undefined) {
    const program = await progress.step(`Installing ${basename(to)}`, () => installed(resolve(to), directory));
    return runHere([program, 'upgrade', '--data-dir', directory.root, ...flags]);
  }
  await progress.step('Ending the control plane; nodes and pods run on', () => handOver(directory));
  await runHere([process.execPath, ownProgram, 'up', '--data-dir', directory.root, '--detach'], choice);
  const agents = await upgradeAgentsOf({ dataDir: directory.root, grace, ...choice, ...(drain === undefined ? {} : { drain }) });
  print(choice, { version: programVersion(), agents }, ({ version }) => `\nThe cluster runs hibernetes ${version}.\n`);
}
