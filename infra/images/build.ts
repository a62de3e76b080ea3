/**
 * The images that tests and examples run, made without a registry and without Docker. They are kept in the cache under
 * the hash of their recipes, so that the network is needed once. `node infra/images/build.ts` prints where they are
 * (`--files`: nothing else);
 * with a containerd's socket as argument it also imports them there.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { extname, join } from 'node:path';
import { imageTar } from '../../agent/images/image-tar.ts';
import { runCommand } from '../../agent/network/run.ts';
import { recipes, recipesText } from './recipes.ts';
import { renameUnlessThere } from './rename.ts';

export interface BuiltImage {
  /** A tar archive that `ctr images import` takes. */
  readonly file: string;
  readonly names: readonly string[];
}

/** Below a clone; the npm package's own folder is not a place to keep files in. */
const cache =
  extname(import.meta.filename) === '.ts' ? join(import.meta.dirname, '../../.cache/images') : join(homedir(), '.cache/hibernetes/images');

export async function buildImages(): Promise<readonly BuiltImage[]> {
  const hash = createHash('sha256').update(recipesText).digest('hex').slice(0, 12);
  const directory = join(cache, hash);
  const list = join(directory, 'images.json');
  if (existsSync(list)) return withFiles(directory, JSON.parse(readFileSync(list, 'utf8')));
  const built = await recipes(cache);
  const making = `${directory}.${process.pid}`;
  mkdirSync(making, { recursive: true });
  const images = built.map((recipe, index) => {
    writeFileSync(join(making, `${index}.tar`), imageTar(recipe));
    return { file: `${index}.tar`, names: recipe.names };
  });
  writeFileSync(join(making, 'images.json'), JSON.stringify(images));
  renameUnlessThere(making, directory);
  return withFiles(directory, images);
}

const withFiles = (directory: string, images: readonly BuiltImage[]): readonly BuiltImage[] =>
  images.map(({ file, names }) => ({ file: join(directory, file), names }));

/** Imports them into `k8s.io`, the containerd namespace that the CRI reads images from. */
export async function importImages(containerdSocket: string, images: readonly BuiltImage[]): Promise<void> {
  for (const { file } of images) {
    await runCommand(['ctr', '--address', containerdSocket, '--namespace', 'k8s.io', 'images', 'import', file], { timeoutMs: 120_000 });
  }
}

if (import.meta.main) {
  const images = await buildImages();
  const [, , argument] = process.argv;
  const socket = argument === '--files' ? undefined : argument;
  if (socket !== undefined) await importImages(socket, images);
  for (const { file, names } of images) process.stdout.write(argument === '--files' ? `${file}\n` : `${names.join(' ')}\t${file}\n`);
}
