/** The directory from which the runtime reads its CNI configuration. It takes the first file by name. */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export const ownConflist = '10-pods.conflist';

/** Renamed into place: the runtime reads the directory whenever something changes there. False: the file had this content already. */
export function writeConflist(directory: string, text: string): boolean {
  const path = join(directory, ownConflist);
  if (existsSync(path) && readFileSync(path, 'utf8') === text) return false;
  mkdirSync(directory, { recursive: true });
  writeFileSync(`${path}.new`, text);
  renameSync(`${path}.new`, path);
  return true;
}

export const removeConflist = (directory: string): void => rmSync(join(directory, ownConflist), { force: true });

/** Source: containerd pkg/cni, and cri-o: the endings that are read. */
const endings = ['.conflist', '.conf', '.json'];

/** Whether another program brought a configuration. */
export function hasOtherConfiguration(directory: string): boolean {
  const names = existsSync(directory) ? readdirSync(directory) : [];
  return names.some((name) => name !== ownConflist && endings.some((ending) => name.endsWith(ending)));
}
