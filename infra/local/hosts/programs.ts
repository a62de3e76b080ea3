/** Where this machine keeps the programs that containers need. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { environment } from '../../../functions/world.ts';

/** A shell of an ordinary user may not look in the last two; what is needed is often there. */
const searchPath = (): string[] => [...(environment('PATH') ?? '').split(':').filter(Boolean), '/usr/local/sbin', '/usr/sbin', '/sbin'];

export const programPath = (name: string): string | undefined =>
  searchPath()
    .map((directory) => join(directory, name))
    .find((path) => existsSync(path));

/** Debian's place, and everybody else's. */
export const cniPluginDirectory = (): string | undefined =>
  ['/usr/lib/cni', '/opt/cni/bin'].find((directory) => existsSync(join(directory, 'bridge')));
