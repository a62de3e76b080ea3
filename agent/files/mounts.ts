/** Mounts of this node. Sources are handles: what a container swaps after the handle was opened is not mounted. */
import { execFile, spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The kernel writes blanks and backslashes of paths as octal numbers. */
const unescaped = (path: string): string =>
  path.replaceAll(/\\([0-7]{3})/g, (_all, octal: string) => String.fromCharCode(parseInt(octal, 8)));

async function mountPoints(): Promise<string[]> {
  return (await readFile('/proc/self/mountinfo', 'utf8')).split('\n').map((line) => unescaped(line.split(' ')[4] ?? ''));
}

export const isMountPoint = async (path: string): Promise<boolean> => (await mountPoints()).includes(path);

/** Deepest first. */
async function mountsBelow(directory: string): Promise<string[]> {
  return (await mountPoints()).filter((path) => path === directory || path.startsWith(`${directory}/`)).toReversed();
}

/** Takes away every mount on the path and below it. */
export async function unmountAll(path: string): Promise<void> {
  // umount follows a link in the last name unless `--no-canonicalize` forbids it.
  for (const each of await mountsBelow(path)) await run('umount', ['--lazy', '--no-canonicalize', each]);
}

/** Mounts a file system of memory on the directory, unless there is a mount already. `bytesMax` 0: as large as the kernel lets it. */
export async function mountTmpfs(path: string, bytesMax = 0): Promise<void> {
  if (await isMountPoint(path)) return;
  const size = bytesMax === 0 ? [] : ['-o', `size=${bytesMax}`];
  await run('mount', ['-t', 'tmpfs', ...size, 'tmpfs', path]);
}

/** Mounts what the descriptor refers to. `mount` must not resolve the path again: only the kernel resolves the link in /proc. */
export async function bindMount(fd: number, target: string): Promise<void> {
  const child = spawn('mount', ['--no-canonicalize', '--bind', '/proc/self/fd/3', target], { stdio: ['ignore', 'ignore', 'pipe', fd] });
  let text = '';
  child.stderr?.on('data', (chunk: Buffer) => (text += chunk.toString('utf8')));
  const code = await new Promise<number | null>((resolve, reject) => child.on('error', reject).on('close', resolve));
  if (code !== 0) throw new Error(`mount failed: ${text.trim()}`);
}
