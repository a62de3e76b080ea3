/** A copy of the administrator's kubeconfig, for programs that change the file; and what runs them. */
import { copyFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { runCommand } from '../../agent/network/run.ts';
import type { Stand } from './program.ts';

const runMsMax = 60_000;

/** Runs a program as a user does who has this kubectl on the PATH. */
export type RunProgram = (command: readonly string[]) => Promise<string>;

export function withOwnKubeconfig({ directory, kubeconfig, kubectl }: Stand, id: string): RunProgram {
  const file = join(directory, `kubeconfig-${id}`);
  copyFileSync(kubeconfig, file);
  const path = `PATH=${dirname(kubectl.file)}:${process.env['PATH'] ?? ''}`;
  return (command) =>
    runCommand(['env', `KUBECONFIG=${file}`, `HOME=${directory}`, 'TERM=xterm', path, ...command], { timeoutMs: runMsMax });
}
