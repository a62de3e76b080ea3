/**
 * A control plane with one of its rules taken out: all of its sources are loaded once more, and one is edited on the way. What is
 * built and shipped has no switch for that.
 */
import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { simulateControlPlane } from './control-plane.ts';

export interface Edit {
  /** The file's path in functions. */
  readonly file: string;
  /** Is there exactly once. */
  readonly from: string;
  readonly to: string;
}

const root = new URL('../../../', import.meta.url).href;
const folder = new URL('functions/', root).href;
const mark = '?without=';
const editOf = new Map<string, Edit>();

registerHooks({
  resolve(specifier, context, next) {
    const resolved = next(specifier, context);
    const at = context.parentURL?.indexOf(mark) ?? -1;
    const isOurs = resolved.url.startsWith(root) && resolved.url.endsWith('.ts');
    return at === -1 || !isOurs ? resolved : { ...resolved, url: resolved.url + context.parentURL!.slice(at) };
  },
  load(url, context, next) {
    const [address = '', name = ''] = url.split(mark);
    const edit = editOf.get(decodeURIComponent(name));
    if (edit === undefined || address !== folder + edit.file) return next(url, context);
    const source = readFileSync(fileURLToPath(address), 'utf8');
    if (source.split(edit.from).length !== 2)
      throw new Error(`${edit.file} does not hold exactly once: ${edit.from}; the weakening must follow the source`);
    return { format: 'module-typescript', source: source.replace(edit.from, () => edit.to), shortCircuit: true };
  },
});

export async function weakenedControlPlane(name: string, edit: Edit): Promise<typeof simulateControlPlane> {
  editOf.set(name, edit);
  const address = new URL(`control-plane.ts${mark}${encodeURIComponent(name)}`, import.meta.url).href;
  return ((await import(address)) as { simulateControlPlane: typeof simulateControlPlane }).simulateControlPlane;
}
