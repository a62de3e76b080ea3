/** The functions of expressions by name. Each gets its values checked only by their number: undefined means that nothing fits. */
import type { Meter } from '../values/equality.ts';
import type { CelValue, Result } from '../values/value.ts';
import { arithmetic } from './arithmetic.ts';
import { authorization } from './authorization.ts';
import { collections } from './collections.ts';
import { conversions } from './conversions.ts';
import { formats } from './formats.ts';
import { networks } from './networks.ts';
import { optionals } from './optionals.ts';
import { quantities } from './quantities.ts';
import { strings } from './strings.ts';
import { times } from './times.ts';
import { urls } from './urls.ts';
import { versions } from './versions.ts';

/** A member's target comes first. */
export type CelFunction = (args: readonly CelValue[], meter: Meter) => Result | undefined;
export type Library = Readonly<Record<string, CelFunction>>;

/** Names that several libraries have: the first that fits answers. */
function merged(libraries: readonly Library[]): ReadonlyMap<string, CelFunction> {
  const found = new Map<string, CelFunction>();
  for (const library of libraries) {
    for (const [name, run] of Object.entries(library)) {
      const before = found.get(name);
      found.set(name, before === undefined ? run : (args, meter) => before(args, meter) ?? run(args, meter));
    }
  }
  return found;
}

const core = [arithmetic, collections, conversions, strings, times, optionals];
const kubernetes = [urls, quantities, networks, versions, formats, authorization];
let functions: ReadonlyMap<string, CelFunction> | undefined;

export function functionNamed(name: string): CelFunction | undefined {
  functions ??= merged([...core, ...kubernetes]);
  return functions.get(name.replace(/^\./u, ''));
}
