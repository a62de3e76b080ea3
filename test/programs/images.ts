/** A program's images as one archive: its static programs on an empty layer, or on a shell. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { imageTar, type ImageConfig, type ImageSource } from '../../agent/images/image-tar.ts';
import type { TarEntry } from '../../agent/images/tar.ts';
import { busyboxFiles } from '../../infra/images/recipes.ts';
import { treeEntries } from '../support/debian-tree.ts';
import type { ProgramFiles } from './program-files.ts';
import type { ImageRecipe, Program } from './program.ts';
import { pythonFiles } from './python-packages.ts';

/** What images without a shell have besides their program. */
const bareFiles: readonly TarEntry[] = [
  { path: 'etc/', mode: 0o755 },
  { path: 'etc/passwd', content: 'root:x:0:0:root:/root:/sbin/nologin\nnobody:x:65534:65534::/:/sbin/nologin\n' },
  { path: 'etc/group', content: 'root:x:0:\nnobody:x:65534:\n' },
  { path: 'tmp/', mode: 0o1777 },
];

/** The archives of all of the program's versions, an archive each. */
export async function programImages(
  { name, versions, source, images }: Program,
  files: ProgramFiles,
  cache: string,
): Promise<readonly string[]> {
  const directory = join(cache, 'images');
  mkdirSync(directory, { recursive: true });
  const shell = await busyboxFiles(directory);
  const below = async (recipe: ImageRecipe, version: string): Promise<readonly TarEntry[]> => {
    if (recipe.on === 'debian') return treeEntries(await files.directory(source, version));
    if (recipe.on === 'python') return pythonFiles(await files.directory(source, version), cache);
    return recipe.on === 'shell' ? shell : bareFiles;
  };
  const archives: string[] = [];
  for (const version of images === undefined ? [] : versions) {
    const sources: ImageSource[] = [];
    for (const recipe of images?.(version) ?? []) {
      const layer = await programLayer(recipe, (program) => files.program(program, source, version));
      sources.push({
        names: [recipe.name],
        below: [await below(recipe, version)],
        files: layer,
        config: configOf(recipe),
      });
    }
    const archive = join(directory, `${name}-${version}.tar`);
    writeFileSync(archive, imageTar(...sources));
    archives.push(archive);
  }
  return archives;
}

async function programLayer({ programs }: ImageRecipe, fileOf: (program: string) => Promise<string>): Promise<readonly TarEntry[]> {
  const entries: TarEntry[] = [];
  for (const [program, path] of Object.entries(programs ?? {}))
    entries.push({ path: path.replace(/^\//, ''), content: readFileSync(await fileOf(program)), mode: 0o755 });
  return entries;
}

const configOf = ({ entrypoint, user }: ImageRecipe): ImageConfig => ({ entrypoint, ...(user === undefined ? {} : { user }) });
