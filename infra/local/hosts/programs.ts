/** Where this machine keeps the programs that containers need. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { environment } from '../../../functions/world.ts';

const inDirectories = (name: string, directories: readonly string[]): string | undefined =>
  directories.map((directory) => join(directory, name)).find((path) => existsSync(path));

export const programPath = (name: string): string | undefined =>
  inDirectories(name, (environment('PATH') ?? '').split(':').filter(Boolean));

/** Where the programs of administrators are; the shell that `su` gives does not have them in its PATH. */
export const programPathOutside = (name: string): string | undefined => inDirectories(name, ['/usr/local/sbin', '/usr/sbin', '/sbin']);

/** Debian's directory, and that of other distributions. */
export const cniPluginDirectory = (): string | undefined =>
  ['/usr/lib/cni', '/opt/cni/bin'].find((directory) => existsSync(join(directory, 'bridge')));
