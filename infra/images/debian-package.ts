/** Debian packages unpacked into the cache: nothing is installed on the machine, and once there no network is needed. */
import { existsSync, globSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { CommandFailed, runCommand } from '../../agent/network/run.ts';
import { renameUnlessThere } from './rename.ts';

/** The directory that holds the package's files. */
export async function unpackedPackage(name: string, cache: string): Promise<string> {
  const directory = join(cache, 'packages', name);
  if (existsSync(directory)) return directory;
  const download = `${directory}.${process.pid}`;
  mkdirSync(download, { recursive: true });
  try {
    await fetchPackage(name, download);
    const [file = ''] = globSync('*.deb', { cwd: download });
    await runCommand(['dpkg', '-x', join(download, file), join(download, 'root')]);
    renameUnlessThere(join(download, 'root'), directory);
    return directory;
  } finally {
    rmSync(download, { recursive: true, force: true });
  }
}

async function fetchPackage(name: string, directory: string): Promise<void> {
  // apt-get writes to where it stands.
  const download = ['sh', '-c', 'cd "$1" && apt-get -qq -o APT::Sandbox::User=root download "$2"', 'sh', directory, name];
  const timeoutMs = 120_000;
  try {
    await runCommand(download, { timeoutMs });
  } catch (error) {
    if (!(error instanceof CommandFailed)) throw error;
    // A fresh machine knows no packages before `apt-get update`.
    await runCommand(['apt-get', '-qq', 'update'], { timeoutMs }).catch(() => '');
    await runCommand(download, { timeoutMs }).catch((second: unknown) => {
      throw new Error(`the Debian package ${name} cannot be had, so its test image cannot be built`, { cause: second });
    });
  }
}
