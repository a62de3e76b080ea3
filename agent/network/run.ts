/**
 * Runs the machine's own programs (ip, nft, conntrack). Code that needs one takes a `Run` as an argument, so that tests can
 * check its commands without running them.
 */
import { spawn } from 'node:child_process';

interface RunOptions {
  /** Written to the program's standard input. */
  readonly input?: string;
  readonly timeoutMs?: number;
}

/** Runs a program to its end and resolves with its standard output; rejects with CommandFailed otherwise. */
export type Run = (command: readonly string[], options?: RunOptions) => Promise<string>;

export class CommandFailed extends Error {
  readonly command: readonly string[];
  readonly stderr: string;

  constructor(command: readonly string[], why: string, stderr: string) {
    super(`${command.join(' ')}: ${why}${stderr === '' ? '' : `: ${stderr.trim()}`}`);
    this.name = 'CommandFailed';
    this.command = command;
    this.stderr = stderr;
  }
}

const timeoutMsDefault = 30_000;

export const runCommand: Run = (command, { input = '', timeoutMs = timeoutMsDefault } = {}) =>
  new Promise((resolve, reject) => {
    const [program = '', ...args] = command;
    const child = spawn(program, args, { stdio: 'pipe', timeout: timeoutMs, killSignal: 'SIGKILL' });
    const [out, err]: [Buffer[], Buffer[]] = [[], []];
    const fail = (why: string): void => reject(new CommandFailed(command, why, Buffer.concat(err).toString()));
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
    child.on('error', (error) => fail(error.message));
    child.on('close', (code, signal) => {
      if (code === 0) resolve(Buffer.concat(out).toString());
      else fail(signal === null ? `exit code ${code}` : `ended by ${signal}`);
    });
    // A program that ends without reading its input breaks the pipe; its exit code reports the result.
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
  });

/**
 * The same, in another network namespace. `nsenter`, because `ip netns exec` remounts /sys and so hides the cgroups.
 * Source of the path: /run/netns/NAME.
 */
export const runIn =
  (netnsPath: string, run: Run = runCommand): Run =>
  (command, options) =>
    run(['nsenter', `--net=${netnsPath}`, '--', ...command], options);
