/** The port to where an archive's files lie: a folder, a bucket, a test's memory. A file is written once and never changed. */

export interface ArchiveFiles {
  /** Writes the file, whole or not at all, unless one has that name. */
  create(name: string, bytes: Uint8Array): Promise<'written' | 'taken'>;
  /** Undefined: there is none. */
  read(name: string): Promise<Uint8Array | undefined>;
  /** The names that begin with the prefix, in order. */
  list(prefix: string): Promise<readonly string[]>;
  /** Names of files that are not there are skipped. */
  remove(names: readonly string[]): Promise<void>;
}
