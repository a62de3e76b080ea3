/** Maps from keys of any simple type. Numbers of different types are one key where they are equal. */
import { type CelMap, type CelValue, Uint } from './value.ts';

function keyText(key: CelValue): string | undefined {
  if (typeof key === 'string') return `s${key}`;
  if (typeof key === 'boolean') return `b${key}`;
  if (typeof key === 'bigint') return `n${key}`;
  if (key instanceof Uint) return `n${key.value}`;
  return typeof key === 'number' && Number.isInteger(key) ? `n${BigInt(key)}` : undefined;
}

export class EntryMap implements CelMap {
  readonly isMap = true;
  private readonly entries = new Map<string, readonly [CelValue, CelValue]>();

  static of(entries: Iterable<readonly [CelValue, CelValue]>): EntryMap {
    const map = new EntryMap();
    for (const [key, value] of entries) map.set(key, value);
    return map;
  }

  get size(): number {
    return this.entries.size;
  }

  get(key: CelValue): CelValue | undefined {
    const text = keyText(key);
    return text === undefined ? undefined : this.entries.get(text)?.[1];
  }

  keys(): readonly CelValue[] {
    return [...this.entries.values()].map(([key]) => key);
  }

  set(key: CelValue, value: CelValue): void {
    const text = keyText(key);
    if (text !== undefined) this.entries.set(text, [key, value]);
  }

  /** False where the key is taken, or of a type that is none of a key's. */
  add(key: CelValue, value: CelValue): boolean {
    const text = keyText(key);
    if (text === undefined || this.entries.has(text)) return false;
    this.entries.set(text, [key, value]);
    return true;
  }
}
