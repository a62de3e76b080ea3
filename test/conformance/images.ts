/** The images that the suite names, as one archive that every node imports. Those that no recipe makes are left out. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { imageTar, type ImageSource } from '../../agent/images/image-tar.ts';
import { runCommand } from '../../agent/network/run.ts';
import { debianTree } from '../support/debian-tree.ts';
import { imagePrograms, type Programs } from './programs.ts';
import { debianPackages, MissingProgram, recipesOf, type Recipes } from './recipes.ts';

export interface ImagesOptions {
  readonly cache: string;
  readonly programs: Programs;
  readonly note: (text: string) => void;
}

/** The archive. It is made once for the same programs, names and recipes. */
export async function suiteImages({ cache, programs, note }: ImagesOptions): Promise<string> {
  const names = await imageNames(programs.suite);
  const archive = join(cache, 'images', `${hashOf(names, programs)}.tar`);
  if (existsSync(archive)) return archive;
  note('Making the images that the suite names');
  const recipes = await recipesOf({ tree: await debianTree(cache, debianPackages), program: (name) => programs.imageProgram(name) });
  const sources = names.flatMap((name) => imageSource(name, recipes, note));
  mkdirSync(join(cache, 'images'), { recursive: true });
  writeFileSync(`${archive}.partial`, imageTar(...sources));
  renameSync(`${archive}.partial`, archive);
  return archive;
}

async function imageNames(suite: string): Promise<readonly string[]> {
  const list = await runCommand([suite, '--list-images'], { timeoutMs: 120_000 });
  return list
    .split('\n')
    .filter((line) => /^\S+:\S+$/.test(line))
    .sort();
}

function imageSource(name: string, recipes: Recipes, note: (text: string) => void): readonly ImageSource[] {
  const [, repository = '', tag = ''] = /^(.*):([^:/]*)$/.exec(name) ?? [];
  const recipe = recipes[repository];
  if (recipe === undefined) return [];
  try {
    return [{ names: [name], ...recipe(tag) }];
  } catch (error) {
    if (!(error instanceof MissingProgram)) throw error;
    note(`Left out the image ${name}: ${error.message}`);
    return [];
  }
}

function hashOf(names: readonly string[], programs: Programs): string {
  const files = imagePrograms.map((name) => {
    const file = programs.imageProgram(name);
    if (file === undefined) return [name];
    const { size, mtimeMs } = statSync(file);
    return [name, size, mtimeMs];
  });
  const texts = ['recipes.ts', '../support/debian-tree.ts'].map((file) => readFileSync(join(import.meta.dirname, file), 'utf8'));
  return createHash('sha256')
    .update(JSON.stringify([names, files, texts]))
    .digest('hex')
    .slice(0, 12);
}
