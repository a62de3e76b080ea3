/** Runs a command line to its end. A user sees sentences; the stack of an error that is ours goes into a file. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { ConnectionError } from '../../functions/client/https-fetch.ts';
import { StatusError } from '../../functions/kube/status-error.ts';
import { CliError } from './cli-error.ts';

interface SystemError extends Error {
  readonly code: string;
  readonly path?: string;
  readonly address?: string;
  readonly port?: number;
  readonly syscall?: string;
}

const systemErrors: Readonly<Record<string, (error: SystemError) => CliError>> = {
  EADDRINUSE: ({ address, port }) =>
    new CliError(
      `Another program listens on ${address ?? ''}:${port ?? ''} already.`,
      '--listen HOST:PORT takes another address; port 0 takes a free one.',
    ),
  EADDRNOTAVAIL: ({ address }) => new CliError(`This machine has no address ${address ?? ''}.`, 'ip address lists those that it has.'),
  ENOENT: ({ path, syscall = '' }) =>
    syscall.startsWith('spawn')
      ? new CliError(`The program ${syscall.slice('spawn '.length)} is not installed.`, 'hibernetes doctor lists what this machine lacks.')
      : new CliError(`There is no file ${path ?? ''}.`),
  EACCES: ({ path }) =>
    new CliError(`This user may not use ${path ?? 'what the command needs'}.`, 'Use another directory, or run the command as root.'),
  EPERM: ({ path }) =>
    new CliError(`The system does not permit to change ${path ?? 'what the command needs'}.`, 'Run the command as root.'),
  ENOSPC: ({ path }) => new CliError(`The disk is full${path === undefined ? '' : `: ${path}`}.`),
  EROFS: ({ path }) => new CliError(`The disk is read-only: ${path ?? ''}.`),
  EISDIR: ({ path }) => new CliError(`${path ?? 'The path'} is a directory, and a file is wanted.`),
  ENOTDIR: ({ path }) => new CliError(`${path ?? 'The path'} is not below a directory.`),
};

const isSystemError = (error: Error): error is SystemError => 'code' in error && typeof error.code === 'string' && 'syscall' in error;

/** Undefined: a fault of this program. */
function answerable(error: Error): CliError | undefined {
  if (error instanceof CliError) return error;
  if (error instanceof StatusError) return new CliError(`The API refused: ${error.message}`);
  if (error instanceof ConnectionError)
    return new CliError(`The API cannot be reached: ${error.message}.`, 'Does the cluster run? hibernetes status shows it.');
  return isSystemError(error) ? systemErrors[error.code]?.(error) : undefined;
}

function fault(error: Error): CliError {
  const file = join(mkdtempSync(join(tmpdir(), 'hibernetes-fault-')), 'stack.txt');
  writeFileSync(file, `hibernetes ${process.argv.slice(2, 3).join(' ')}, Node ${process.version}\n${error.stack ?? error.message}\n`);
  return new CliError(`This is a fault of hibernetes: ${error.message}`, `${file} holds what its authors need to find it.`);
}

/** Prints the error, and makes the exit code 1. */
export function failWith(error: unknown): void {
  const cause = error instanceof Error ? error : new Error(String(error));
  const { message, cure } = answerable(cause) ?? fault(cause);
  process.stderr.write(`error: ${message}\n${cure === undefined ? '' : `  ${cure}\n`}`);
  process.exitCode = 1;
}

export async function runProgram(program: Command): Promise<void> {
  for (const event of ['uncaughtException', 'unhandledRejection'] as const)
    process.on(event, (error: unknown) => {
      failWith(error);
      process.exit();
    });
  try {
    await program.parseAsync();
  } catch (error) {
    failWith(error);
  }
}
