/** Keys with a time each, earliest first: a binary heap whose outdated entries are skipped when they surface. */
interface Entry {
  readonly key: string;
  readonly atMs: number;
}

export class DelayQueue {
  readonly #times = new Map<string, number>();
  #heap: Entry[] = [];

  get size(): number {
    return this.#times.size;
  }

  /** Replaces the key's earlier time. */
  set(key: string, atMs: number): void {
    this.#times.set(key, atMs);
    this.#push({ key, atMs });
    if (this.#heap.length > 2 * this.#times.size + 64) this.#rebuild();
  }

  cancel(key: string): void {
    this.#times.delete(key);
  }

  at(key: string): number | undefined {
    return this.#times.get(key);
  }

  nextMs(): number | undefined {
    this.#dropOutdated();
    return this.#heap[0]?.atMs;
  }

  /** Removes and returns one key that is due. */
  takeDue(nowMs: number): string | undefined {
    const nextMs = this.nextMs();
    if (nextMs === undefined || nextMs > nowMs) return undefined;
    const key = this.#pop()?.key;
    if (key !== undefined) this.#times.delete(key);
    return key;
  }

  entries(): IterableIterator<[string, number]> {
    return this.#times.entries();
  }

  #dropOutdated(): void {
    for (let top = this.#heap[0]; top !== undefined && this.#times.get(top.key) !== top.atMs; top = this.#heap[0]) this.#pop();
  }

  #rebuild(): void {
    this.#heap = [];
    for (const [key, atMs] of this.#times) this.#push({ key, atMs });
  }

  #push(entry: Entry): void {
    const heap = this.#heap;
    let index = heap.push(entry) - 1;
    while (index > 0) {
      const parentIndex = (index - 1) >> 1;
      const parent = heap[parentIndex];
      if (parent === undefined || parent.atMs <= entry.atMs) break;
      heap[index] = parent;
      index = parentIndex;
    }
    heap[index] = entry;
  }

  #pop(): Entry | undefined {
    const heap = this.#heap;
    const top = heap[0];
    const last = heap.pop();
    if (last !== undefined && heap.length > 0) this.#sinkFromTop(last);
    return top;
  }

  #sinkFromTop(entry: Entry): void {
    const heap = this.#heap;
    let index = 0;
    for (;;) {
      const left = heap[2 * index + 1];
      const right = heap[2 * index + 2];
      const childIndex = right !== undefined && left !== undefined && right.atMs < left.atMs ? 2 * index + 2 : 2 * index + 1;
      const child = heap[childIndex];
      if (child === undefined || child.atMs >= entry.atMs) break;
      heap[index] = child;
      index = childIndex;
    }
    heap[index] = entry;
  }
}
