/**
 * A store with one of its rules taken out, made by editing its sources while they are loaded. What is built and shipped
 * has no switch for that.
 */
import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { CreateStore } from './host.ts';
import type { Fence } from './worker.ts';

export interface Edit {
  /** The file's path in functions/store. */
  readonly file: string;
  /** Is there exactly once. */
  readonly from: string;
  readonly to: string;
}

const folder = new URL('../../functions/store/', import.meta.url).href;
const mark = '?weakened=';
/** Errors are known by their class: this file stays the same for all. */
const shared = new URL('store.ts', folder).href;

const editsOf = new Map<string, readonly Edit[]>();

const hooks = {
  resolve(specifier: string, context: { parentURL?: string | undefined }, next: (specifier: string) => { url: string }): { url: string } {
    const resolved = next(specifier);
    const at = context.parentURL?.indexOf(mark) ?? -1;
    if (at === -1 || !resolved.url.startsWith(folder) || resolved.url === shared) return resolved;
    return { ...resolved, url: resolved.url + context.parentURL!.slice(at) };
  },
  load(url: string): { format: string; source: string; shortCircuit: true } | undefined {
    const [address = '', name = ''] = url.split(mark);
    const edits = editsOf.get(decodeURIComponent(name));
    if (edits === undefined || !address.startsWith(folder)) return undefined;
    return { format: 'module-typescript', source: edited(fileURLToPath(address), edits), shortCircuit: true };
  },
};

registerHooks({
  resolve: (specifier, context, next) => ({
    ...next(specifier, context),
    ...hooks.resolve(specifier, context, (name) => next(name, context)),
  }),
  load: (url, context, next) => hooks.load(url) ?? next(url, context),
});

function edited(path: string, edits: readonly Edit[]): string {
  let source = readFileSync(path, 'utf8');
  for (const { file, from, to } of edits) {
    if (file !== basename(path)) continue;
    if (source.split(from).length !== 2)
      throw new Error(`${file} does not hold exactly once: ${from}; the weakening must follow the source`);
    source = source.replace(from, () => to);
  }
  return source;
}

export interface WeakenedStore {
  readonly createStore: CreateStore;
  readonly fence: Fence;
}

export async function weakenedStore(name: string, edits: readonly Edit[]): Promise<WeakenedStore> {
  editsOf.set(name, edits);
  const module = (await import(`${folder}create-store.ts${mark}${encodeURIComponent(name)}`)) as { createStore: CreateStore };
  const epoch = (await import(`${folder}epoch.ts${mark}${encodeURIComponent(name)}`)) as { inEpoch: Fence };
  return { createStore: module.createStore, fence: epoch.inEpoch };
}
