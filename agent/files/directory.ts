/**
 * A directory held open. Names are resolved below the handle, one at a time and never through a link. So a container that
 * swaps entries cannot lead the agent elsewhere. Node has no openat: `/proc/self/fd/N/name` means the same to the kernel.
 */
import { constants, type Stats } from 'node:fs';
import { chmod, chown, lstat, mkdir, open, readdir, readlink, rename, rmdir, symlink, unlink, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errorCode, orUndefined } from './error-code.ts';

/** Opens for reference only: a pipe or a device is not touched. Node has no name for it. */
const O_PATH = 0o10_000_000;
const { O_CREAT, O_DIRECTORY, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_WRONLY } = constants;
const directoryFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW;
/** Only root may pass through the directories that lead to volumes. */
export const passageMode = 0o750;

/** A name as the file system has it: containers also make names that are no UTF-8. */
export type EntryName = string | Buffer;

const isPlain = (name: EntryName): boolean => {
  const bytes = Buffer.from(name);
  const text = bytes.toString('latin1');
  return text !== '' && text !== '.' && text !== '..' && !text.includes('/') && !text.includes('\0');
};

export class Directory implements AsyncDisposable {
  readonly #handle: FileHandle;

  private constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  /** The last name may be no link; the agent trusts the directories before it. */
  static async open(path: string): Promise<Directory> {
    return new Directory(await open(path, directoryFlags));
  }

  /** Makes it where it is missing, and what leads to it. */
  static async make(path: string, mode = 0o755): Promise<Directory> {
    await mkdir(dirname(path), { recursive: true, mode: passageMode });
    const isNew = await makeUnlessThere(path);
    const made = await Directory.open(path);
    if (isNew) await made.setMode(mode);
    return made;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#handle.close();
  }

  async entries(): Promise<Buffer[]> {
    return readdir(this.#self(), { encoding: 'buffer' });
  }

  async names(): Promise<string[]> {
    return (await this.entries()).map((name) => name.toString('utf8'));
  }

  async directory(name: EntryName): Promise<Directory> {
    return new Directory(await open(this.#at(name), directoryFlags));
  }

  /** The last of these names; this directory's own content through a new handle when there are none. */
  async descend(names: readonly EntryName[]): Promise<Directory> {
    let current = new Directory(await this.reopen());
    for (const name of names) {
      await using parent = current;
      current = await parent.directory(name);
    }
    return current;
  }

  /** The directory of this name, made where it is missing. */
  async makeDirectory(name: string, mode: number): Promise<Directory> {
    const isNew = await makeUnlessThere(this.#at(name));
    const made = await this.directory(name);
    if (isNew) await made.setMode(mode);
    return made;
  }

  /** Answers whether it was missing. What is there already may be anything. */
  async makeMissing(name: string, mode: number): Promise<boolean> {
    if (!(await makeUnlessThere(this.#at(name)))) return false;
    await using made = await this.directory(name);
    await made.setMode(mode);
    return true;
  }

  /** A pipe does not block. */
  async file(name: EntryName, flags: number, mode = 0o600): Promise<FileHandle> {
    return open(this.#at(name), flags | O_NOFOLLOW | O_NONBLOCK, mode);
  }

  /** A new file; throws where the name is taken. */
  async create(name: EntryName, mode = 0o600): Promise<FileHandle> {
    return this.file(name, O_WRONLY | O_CREAT | O_EXCL, mode);
  }

  /** Opens this directory through another handle. */
  async reopen(): Promise<FileHandle> {
    return open(this.#self(), O_RDONLY | O_DIRECTORY);
  }

  /** Whatever has this name, a link included, for `stat` and for mounting. */
  async reference(name: EntryName): Promise<FileHandle> {
    return open(this.#at(name), O_PATH | O_NOFOLLOW);
  }

  async linkTarget(name: string): Promise<string | undefined> {
    try {
      return await readlink(this.#at(name));
    } catch (error) {
      if (['ENOENT', 'EINVAL'].includes(errorCode(error))) return undefined;
      throw error;
    }
  }

  async modeOf(name: string): Promise<number | undefined> {
    return (await orUndefined(lstat(this.#at(name))))?.mode;
  }

  async link(name: string, target: string): Promise<void> {
    await symlink(target, this.#at(name));
  }

  async rename(from: EntryName, to: EntryName, toDirectory: Directory = this): Promise<void> {
    await rename(this.#at(from), toDirectory.#at(to));
  }

  /** Removes a file or a link. */
  async unlink(name: EntryName): Promise<void> {
    await unlink(this.#at(name));
  }

  /** Removes an empty directory. */
  async removeDirectory(name: EntryName): Promise<void> {
    await rmdir(this.#at(name));
  }

  async mode(): Promise<number> {
    return (await this.stats()).mode & 0o7777;
  }

  async stats(): Promise<Stats> {
    return this.#handle.stat();
  }

  /** The stats of the entry with this name; a link is not followed. */
  async statsOf(name: EntryName): Promise<Stats> {
    return lstat(this.#at(name));
  }

  async setMode(mode: number): Promise<void> {
    await chmod(this.#self(), mode);
  }

  async setOwner(userId: number, groupId: number): Promise<void> {
    await chown(this.#self(), userId, groupId);
  }

  #self(): string {
    return `/proc/self/fd/${this.#handle.fd}`;
  }

  #at(name: EntryName): string | Buffer {
    if (!isPlain(name)) throw new Error(`not the name of an entry: ${JSON.stringify(name.toString())}`);
    return typeof name === 'string' ? `${this.#self()}/${name}` : Buffer.concat([Buffer.from(`${this.#self()}/`), name]);
  }
}

async function makeUnlessThere(path: string | Buffer): Promise<boolean> {
  try {
    await mkdir(path);
    return true;
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    throw error;
  }
}
