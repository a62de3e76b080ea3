/** Mounts a file system of another machine by the machine's `mount`. Source: k8s.io/mount-utils, mount_linux.go (doMount) */
import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { passageMode } from './directory.ts';
import { isMountPoint } from './mounts.ts';

export interface RemoteMount {
  readonly type: string;
  readonly source: string;
  readonly target: string;
  readonly options: readonly string[];
}

/** A server that does not answer is asked again by `mount` itself, for two minutes. */
const mountMsMax = 5 * 60_000;

const argumentsOf = ({ type, source, target, options }: RemoteMount): readonly string[] => [
  '-t',
  type,
  ...(options.length === 0 ? [] : ['-o', options.join(',')]),
  source,
  target,
];

interface Ended {
  readonly output: string;
  /** As Go describes the end of a process; undefined: it succeeded. */
  readonly problem: string | undefined;
}

function runMount(args: readonly string[]): Promise<Ended> {
  return new Promise((resolve) => {
    const child = execFile('mount', args, { timeout: mountMsMax }, (error, stdout, stderr) => {
      const { exitCode, signalCode } = child;
      const ended = signalCode === null ? `exit status ${exitCode}` : `signal: ${signalCode === 'SIGTERM' ? 'terminated' : signalCode}`;
      resolve({
        output: stdout + stderr,
        problem: error === null ? undefined : exitCode === null && signalCode === null ? error.message : ended,
      });
    });
  });
}

/**
 * Unless there is a mount already: it is not touched, for its server may be away, and to touch it would wait for it. Makes the target.
 * Throws Error with kubelet's text, which ends in what `mount` printed.
 */
export async function mountRemote(mount: RemoteMount): Promise<void> {
  if (await isMountPoint(mount.target)) return;
  await mkdir(mount.target, { recursive: true, mode: passageMode });
  const args = argumentsOf(mount);
  const { output, problem } = await runMount(args);
  if (problem === undefined) return;
  throw new Error(`mount failed: ${problem}\nMounting command: mount\nMounting arguments:  ${args.join(' ')}\nOutput: ${output}`);
}
