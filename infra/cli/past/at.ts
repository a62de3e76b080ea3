/** `hibernetes at -2h -- kubectl get pods -A`: runs a command whose kubeconfig shows the cluster as it was. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { timeOf } from '../../../functions/apiserver/as-of/moment.ts';
import { realWorld } from '../../../functions/world.ts';
import { dataDirectory, readIfThere } from '../../local/data-directory.ts';
import type { ClusterChoice } from '../api-client.ts';
import { CliError } from '../cli-error.ts';

interface Kubeconfig {
  readonly clusters?: readonly { readonly name: string; readonly cluster: { readonly server: string } }[];
}

/** An absolute moment, so that everything the command asks for is of the same one. */
export function fixedMoment(text: string): string {
  const [time = '', speed] = text.split('@');
  const timeMs = timeOf(time, realWorld('error').clock.now());
  if (timeMs === undefined)
    throw new CliError(`${text} is no moment of the past.`, 'A time such as 2026-11-29T10:00:00Z or a distance such as -2h is.');
  const fixed = new Date(timeMs).toISOString();
  return speed === undefined ? fixed : `${fixed}@${speed}`;
}

export async function runAt(moment: string, command: readonly string[], options: ClusterChoice): Promise<void> {
  // The separator stays where an argument before it begins like an option.
  const [program, ...words] = command[0] === '--' ? command.slice(1) : command;
  if (program === undefined) throw new CliError('A command is wanted, such as: hibernetes at -2h -- kubectl get pods');
  const file = options.kubeconfig ?? dataDirectory(options.dataDir).kubeconfig;
  if (readIfThere(file) === undefined) throw new CliError(`There is no file ${file}.`);
  const directory = mkdtempSync(join(tmpdir(), 'hibernetes-at-'));
  try {
    const kubeconfig = join(directory, 'kubeconfig');
    writeFileSync(kubeconfig, stringify(shifted(parse(readFileSync(file, 'utf8')) as Kubeconfig, fixedMoment(moment))), { mode: 0o600 });
    process.exitCode = await exitCodeOf('env', [`KUBECONFIG=${kubeconfig}`, program, ...words]);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

const shifted = (config: Kubeconfig, moment: string): Kubeconfig => ({
  ...config,
  clusters: (config.clusters ?? []).map((entry) => ({
    ...entry,
    cluster: { ...entry.cluster, server: `${entry.cluster.server.replace(/\/$/, '')}/as-of/${moment}` },
  })),
});

function exitCodeOf(program: string, words: readonly string[]): Promise<number> {
  const child = spawn(program, words, { stdio: 'inherit' });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 1));
  });
}
