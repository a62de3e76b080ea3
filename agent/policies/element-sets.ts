/** Sets and maps of the kernel as they should be, and what changed in them since it was last asked. */

export interface SetChanges {
  /** Whole sets, with all their elements. */
  readonly made: ReadonlyMap<string, ReadonlyMap<string, string>>;
  readonly removed: readonly string[];
  /** Elements of sets that stay; values are '' in sets. */
  readonly added: ReadonlyMap<string, ReadonlyMap<string, string>>;
  readonly deleted: ReadonlyMap<string, readonly string[]>;
}

interface Member {
  readonly value: string;
  readonly count: number;
}

/**
 * Elements are counted: two pods may have one address for a moment. Sets are kept whether or not a chain reads them, and shown
 * only while one does.
 */
export class ElementSets {
  readonly #members = new Map<string, Map<string, Member>>();
  readonly #readers = new Map<string, number>();
  /** The sets that were there, and the values that elements had, when changes were last asked for. */
  #shown = new Set<string>();
  #before = new Map<string, Map<string, string | undefined>>();

  add(set: string, element: string, value = ''): void {
    const members = this.#members.get(set) ?? new Map<string, Member>();
    this.#members.set(set, members);
    this.#note(set, element, members.get(element)?.value);
    members.set(element, { value, count: (members.get(element)?.count ?? 0) + 1 });
  }

  remove(set: string, element: string): void {
    const members = this.#members.get(set);
    const member = members?.get(element);
    if (members === undefined || member === undefined) return;
    this.#note(set, element, member.value);
    if (member.count > 1) members.set(element, { ...member, count: member.count - 1 });
    else members.delete(element);
    if (members.size === 0) this.#members.delete(set);
  }

  read(set: string): void {
    this.#readers.set(set, (this.#readers.get(set) ?? 0) + 1);
  }

  unread(set: string): void {
    const left = (this.#readers.get(set) ?? 0) - 1;
    if (left > 0) this.#readers.set(set, left);
    else this.#readers.delete(set);
  }

  /** All that chains read now. */
  all(): ReadonlyMap<string, ReadonlyMap<string, string>> {
    return new Map([...this.#readers.keys()].map((set) => [set, this.#valuesOf(set)]));
  }

  /** Since the last call. */
  changes(): SetChanges {
    const now = new Set(this.#readers.keys());
    const made = new Map([...now].filter((set) => !this.#shown.has(set)).map((set) => [set, this.#valuesOf(set)]));
    const removed = [...this.#shown].filter((set) => !now.has(set));
    const added = new Map<string, Map<string, string>>();
    const deleted = new Map<string, string[]>();
    for (const [set, elements] of this.#before) {
      if (!now.has(set) || made.has(set)) continue;
      const members = this.#members.get(set);
      const differing = [...elements].filter(([element, before]) => members?.get(element)?.value !== before);
      const gone = differing.filter(([, before]) => before !== undefined).map(([element]) => element);
      const come = differing.flatMap(([element]) => {
        const value = members?.get(element)?.value;
        return value === undefined ? [] : [[element, value] as const];
      });
      if (gone.length > 0) deleted.set(set, gone);
      if (come.length > 0) added.set(set, new Map(come));
    }
    this.#shown = now;
    this.#before = new Map();
    return { made, removed, added, deleted };
  }

  #valuesOf(set: string): Map<string, string> {
    return new Map([...(this.#members.get(set) ?? [])].map(([element, { value }]) => [element, value]));
  }

  #note(set: string, element: string, value: string | undefined): void {
    const noted = this.#before.get(set) ?? new Map<string, string | undefined>();
    if (!noted.has(element)) noted.set(element, value);
    this.#before.set(set, noted);
  }
}
