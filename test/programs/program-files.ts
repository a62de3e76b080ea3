/** Where the programs and their sources stand on this machine: fetched and built once, and kept in the cache. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand } from '../../agent/network/run.ts';
import { debianTree } from '../support/debian-tree.ts';
import { buildGoProgram, moduleDirectory } from './go-programs.ts';
import { wheelsDirectory } from './python-packages.ts';
import type { DebianPackage, Source } from './program.ts';

export interface ProgramFiles {
  /** The files of the module or package. */
  directory(source: Source, version: string): Promise<string>;
  /** The program, which is built unless it is there. */
  program(name: string, source: Source, version: string): Promise<string>;
}

export interface ProgramFilesOptions {
  readonly cache: string;
  readonly note: (text: string) => void;
}

export function programsOf(source: Source): readonly string[] {
  switch (source.kind) {
    case 'go':
      return Object.keys(source.packages);
    case 'debian':
      return source.programs;
    case 'python':
      return [];
  }
}

export function programFiles({ cache, note }: ProgramFilesOptions): ProgramFiles {
  const directory = (source: Source, version: string): Promise<string> => {
    switch (source.kind) {
      case 'go':
        return moduleDirectory(source, version);
      case 'debian':
        return packageDirectory(source, version, cache);
      case 'python':
        return wheelsDirectory(source, version, cache);
    }
  };
  return {
    directory,
    async program(name, source, version) {
      if (source.kind !== 'go') return join(await directory(source, version), 'usr/bin', name);
      const file = join(cache, 'go', `${source.path}@${version}`, name);
      if (existsSync(file)) return file;
      note(`Building ${name} of ${source.path} ${version}`);
      await buildGoProgram(name, source, version, file);
      return file;
    },
  };
}

/** Throws where our Debian has another version. */
async function packageDirectory(source: DebianPackage, version: string, cache: string): Promise<string> {
  const directory = await debianTree(cache, [source.package, ...(source.with ?? [])]);
  const changes = join(directory, 'usr/share/doc', source.package, 'changelog.Debian.gz');
  const [first = ''] = (await runCommand(['zcat', changes])).split('\n');
  const found = /\((?:\d+:)?([^-+)]+)/.exec(first)?.[1];
  if (found !== version) throw new Error(`Debian here has ${source.package} ${found}, and the recipe is for ${version}`);
  return directory;
}
