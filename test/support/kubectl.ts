/**
 * Stock kubectl, as found on this machine: the judge of everything that users see. `infra/cli/prepare.sh test` adds the
 * one of Debian unstable where it can.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The oldest that sends protobuf bodies, which is what today's users have. */
const minorMin = 32;

const unpacked = join(import.meta.dirname, '../../.cache/kubectl/usr/bin/kubectl');

function candidates(): readonly string[] {
  const directories = (process.env['PATH'] ?? '').split(':').filter((directory) => directory !== '');
  const named = directories.map((directory) => join(directory, 'kubectl')).filter((file) => existsSync(file));
  // A distribution may keep several side by side: kubectl.1.33 next to what the link points at.
  const siblings = named.flatMap((file) => {
    const directory = dirname(realpathSync(file));
    return readdirSync(directory)
      .filter((name) => /^kubectl\.\d/.test(name))
      .map((name) => join(directory, name));
  });
  return [...new Set([...named, ...siblings, ...(existsSync(unpacked) ? [unpacked] : [])])];
}

function minorOf(file: string): number {
  const { stdout } = spawnSync(file, ['version', '--client', '-o', 'json'], { encoding: 'utf8' });
  const match = /"minor":\s*"(\d+)/.exec(stdout ?? '');
  return match === null ? 0 : Number(match[1]);
}

/** All of this machine, the newest first. */
export const installedKubectls = (): readonly { readonly file: string; readonly minor: number }[] =>
  candidates()
    .map((file) => ({ file, minor: minorOf(file) }))
    .sort((a, b) => b.minor - a.minor);

export function newestKubectl(): string {
  const [found] = installedKubectls();
  if (found === undefined || found.minor < minorMin) {
    throw new Error(
      `These tests need stock kubectl 1.${minorMin} or newer on the PATH and ${found === undefined ? 'there is none' : `the newest is 1.${found.minor}`}.`,
    );
  }
  return found.file;
}

/** What the newest kubectl of this machine words otherwise since 1.34. */
export const isNewWording = (): boolean => (installedKubectls()[0]?.minor ?? 0) >= 34;

export interface Result {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunningKubectl {
  readonly pid: number;
  /** The text that kubectl printed so far. */
  output(): string;
  write(text: string): void;
  endInput(): void;
  stop(): Promise<Result>;
  readonly ended: Promise<Result>;
}

export interface Kubectl {
  readonly file: string;
  /** Runs to the end, whatever its exit code. */
  run(args: readonly string[], options?: { input?: string; timeoutMs?: number }): Promise<Result>;
  /** Runs kubectl and returns its standard output; throws with its output when it failed. */
  ok(...args: string[]): Promise<string>;
  /** `get -o json` and parsed. */
  json<T = Record<string, never>>(...args: string[]): Promise<T>;
  start(args: readonly string[]): RunningKubectl;
}

const defaultTimeoutMs = 300_000;

/** `variables` go into its environment, and that of the programs that it runs. */
export function kubectlFor(
  kubeconfig: string,
  cacheDirectory: string,
  file = newestKubectl(),
  variables: Readonly<Record<string, string>> = {},
): Kubectl {
  const env = { ...process.env, ...variables, KUBECONFIG: kubeconfig };

  const start = (args: readonly string[]): RunningKubectl => {
    const child = spawn(file, [`--cache-dir=${cacheDirectory}`, ...args], { env, stdio: 'pipe' });
    let [stdout, stderr] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    const ended = new Promise<Result>((resolve) => child.on('close', (code) => resolve({ code: code ?? -1, stdout, stderr })));
    return {
      pid: child.pid ?? -1,
      output: () => stdout + stderr,
      write: (text) => void child.stdin.write(text),
      endInput: () => void child.stdin.end(),
      stop: () => {
        child.kill('SIGTERM');
        return ended;
      },
      ended,
    };
  };

  const run: Kubectl['run'] = async (args, { input, timeoutMs = defaultTimeoutMs } = {}) => {
    const running = start(args);
    if (input !== undefined) running.write(input);
    running.endInput();
    const timer = setTimeout(() => void running.stop(), timeoutMs);
    const result = await running.ended;
    clearTimeout(timer);
    return result;
  };

  const ok: Kubectl['ok'] = async (...args) => {
    const { code, stdout, stderr } = await run(args);
    if (code !== 0) throw new Error(`kubectl ${args.join(' ')} exited ${code}: ${stderr || stdout}`);
    return stdout;
  };

  return { file, run, ok, json: async (...args) => JSON.parse(await ok(...args, '-o', 'json')), start };
}
