/** The operations of clients; each answer shows what its decision saw. */
import type { KubeObject } from '../../functions/kube/object.ts';
import type { Key, Stored, View } from '../../functions/kube/view.ts';
import type { Decision, Operation, Write } from '../../functions/store/store.ts';
import type { SeededRandom } from './seeded-random.ts';
import { colorOf, epochs, markOf, nameOf, type TrueObject } from './truth.ts';

export const resources = ['pods', 'configmaps'] as const;
export const allResources = [...resources, epochs] as const;
const namespaces = ['red', 'blue'] as const;
const names = ['a', 'b', 'c', 'd'] as const;
const colors = ['green', 'grey', 'gold'] as const;

export const namespaceOf = (random: SeededRandom): string => random.pick(namespaces);

export const anyKey = (random: SeededRandom): Key => ({
  resource: random.chance(0.8) ? resources[0] : resources[1],
  namespace: random.pick(namespaces),
  name: random.pick(names),
});

export type Verb = 'create' | 'update' | 'put' | 'delete' | 'touch' | 'get';

export interface Step {
  readonly key: Key;
  readonly verb: Verb;
  /** Preconditions, as deletions and updates have them. */
  readonly revision?: number;
  /** The mark that the object has at that revision. */
  readonly mark?: string;
  readonly uid?: string;
}

export type Reason = 'exists' | 'missing' | 'conflict';

export class Refused extends Error {
  readonly reason: Reason;
  readonly key: Key;

  constructor(reason: Reason, key: Key) {
    super(`${reason}: ${nameOf(key)}`);
    this.reason = reason;
    this.key = key;
  }
}

/** What the last decision was made on; the one whose outcome counts. */
export interface Sight {
  readonly revision: number;
  readonly seen: readonly { readonly key: Key; readonly stored: Stored | undefined }[];
  readonly writes: number;
}

export class Asked implements Operation<readonly Stored[]> {
  readonly keys: readonly Key[];
  readonly mark: string;
  readonly steps: readonly Step[];
  readonly #color: string;
  readonly #filler: string;
  #sight: Sight = { revision: 0, seen: [], writes: 0 };

  constructor(mark: string, steps: readonly Step[], random: SeededRandom) {
    this.mark = mark;
    this.steps = steps;
    this.keys = steps.map(({ key }) => key);
    this.#color = random.pick(colors);
    this.#filler = filler(random);
  }

  get sight(): Sight {
    return this.#sight;
  }

  decide(view: View): Decision<readonly Stored[]> {
    const seen = this.keys.map((key) => ({ key, stored: view.get(key) }));
    this.#sight = { revision: view.revision, seen, writes: 0 };
    const writes: Write[] = [];
    for (const [index, step] of this.steps.entries()) {
      const current = seen[index]!.stored;
      const error = refusal(step, current);
      if (error !== undefined) return { outcome: 'refuse', error };
      writes.push(...this.#writes(step, current));
    }
    // Who touches an object puts back what is there: nothing is written for it.
    this.#sight = { revision: view.revision, seen, writes: this.steps.filter(({ verb }) => verb !== 'get' && verb !== 'touch').length };
    if (writes.length === 0) return { outcome: 'answer', answer: [] };
    return { outcome: 'write', writes, answer: (stored) => stored };
  }

  #writes({ key, verb }: Step, current: Stored | undefined): Write[] {
    const uid = current?.object.metadata.uid ?? `uid-${this.mark}-${key.name}`;
    const { namespace, name } = key;
    const metadata = { namespace, name, uid, labels: { color: this.#color }, annotations: { mark: this.mark } };
    const object: KubeObject = { metadata, ...({ spec: { filler: this.#filler } } as object) };
    if (verb === 'get') return [];
    if (verb === 'delete') return [{ type: 'delete', key, object }];
    if (current === undefined) return [{ type: 'create', key, object }];
    return [{ type: 'update', key, object: verb === 'touch' ? current.object : object }];
  }

  toString(): string {
    const steps = this.steps.map(({ key, verb, revision, uid }) => {
      const conditions = [revision === undefined ? '' : ` if at ${revision}`, uid === undefined ? '' : ` if ${uid}`];
      return `${verb} ${nameOf(key)}${conditions.join('')}`;
    });
    return `${this.mark}: ${steps.join(', ')}`;
  }
}

function refusal({ key, verb, revision, uid }: Step, current: Stored | undefined): Refused | undefined {
  if (verb === 'create' && current !== undefined) return new Refused('exists', key);
  if (verb !== 'create' && verb !== 'put' && verb !== 'get' && current === undefined) return new Refused('missing', key);
  if (revision !== undefined && current?.revision !== revision) return new Refused('conflict', key);
  if (uid !== undefined && current?.object.metadata.uid !== uid) return new Refused('conflict', key);
  return undefined;
}

/** Mostly small; now and then as large as an object may be, and hard to compress. */
function filler(random: SeededRandom): string {
  if (random.chance(0.0004)) return Buffer.from(random.source.bytes(700_000)).toString('base64');
  return random.chance(0.1) ? Buffer.from(random.source.bytes(random.whole(100, 600))).toString('base64') : 'x';
}

/** How an object that was read differs from the true one; undefined when it does not. */
export function difference(stored: Stored | undefined, truth: TrueObject | undefined): string | undefined {
  const shown = stored === undefined ? 'absent' : `${markOf(stored.object)} at ${stored.revision}, ${colorOf(stored.object)}`;
  const real = truth === undefined ? 'absent' : `${truth.mark} at ${truth.revision}, ${truth.color}`;
  if (shown !== real) return `is shown as ${shown}, but is ${real}`;
  if (stored !== undefined && stored.object.metadata.resourceVersion !== String(stored.revision))
    return `says ${stored.object.metadata.resourceVersion} about itself at ${stored.revision}`;
  return undefined;
}
