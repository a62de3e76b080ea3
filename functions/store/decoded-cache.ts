/**
 * Values that can be made again, kept while there is room. Newcomers wait in line: most of them are read once, by a
 * reader that goes through everything. They leave when the line is full. One that is asked for again soon after it
 * left has proved useful: it gets a place where only others like it push it out. So a scan costs the hot ones nothing.
 */

/** Where a value is kept; its owner holds the cell, the cache empties it. */
export interface CacheCell<V> {
  value: V | undefined;
  bytes: number;
  isUsed: boolean;
  /** How many had left before it did; -1: it never left. */
  leftAt: number;
}

export const emptyCell = <V>(): CacheCell<V> => ({ value: undefined, bytes: 0, isUsed: false, leftAt: -1 });

/** The line's share of all bytes, while there are proven values. */
const lineShare = 1 / 4;
/** How often one that was used since its last check may stay; then it goes like the others. */
const chancesMax = 8;

export class DecodedCache<V> {
  readonly #bytesMax: number;
  #line: CacheCell<V>[] = [];
  #lineStart = 0;
  #lineBytes = 0;
  readonly #proven: CacheCell<V>[] = [];
  #provenBytes = 0;
  #left = 0;
  #lot = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** What is kept, by the sizes that were given. */
  get bytes(): number {
    return this.#lineBytes + this.#provenBytes;
  }

  /** Keeps the value in an empty cell if there is room, or if it has proved useful: for what is rarely asked for twice. */
  offer(cell: CacheCell<V>, value: V, bytes: number): void {
    if (this.bytes + bytes <= this.#bytesMax || this.#isProven(cell, bytes)) return this.put(cell, value, bytes);
    cell.leftAt = this.#left;
    this.#left += 1;
  }

  /** Keeps the value in an empty cell, for a while at least. */
  put(cell: CacheCell<V>, value: V, bytes: number): void {
    if (bytes > this.#bytesMax * lineShare) return;
    const isProven = this.#isProven(cell, bytes);
    cell.value = value;
    cell.bytes = bytes;
    cell.isUsed = false;
    if (isProven) {
      this.#proven.push(cell);
      this.#provenBytes += bytes;
    } else {
      this.#line.push(cell);
      this.#lineBytes += bytes;
    }
    while (this.bytes > this.#bytesMax) this.#letOneGo();
  }

  /** Since it left, no more have left than there is room for: kept, it would have been found. */
  #isProven({ leftAt }: CacheCell<V>, bytes: number): boolean {
    return leftAt >= 0 && (this.#left - leftAt) * bytes <= this.#bytesMax;
  }

  #letOneGo(): void {
    const isLineLong = this.#lineBytes > this.#bytesMax * lineShare;
    const cell = isLineLong || this.#proven.length === 0 ? this.#firstInLine() : this.#oneByLot();
    if (cell === undefined) throw new Error('bytes are counted, but nothing is kept');
    cell.value = undefined;
    cell.leftAt = this.#left;
    this.#left += 1;
  }

  #firstInLine(): CacheCell<V> | undefined {
    const cell = this.#line[this.#lineStart];
    this.#lineStart += 1;
    this.#lineBytes -= cell?.bytes ?? 0;
    if (this.#lineStart * 2 > this.#line.length) {
      this.#line = this.#line.slice(this.#lineStart);
      this.#lineStart = 0;
    }
    return cell;
  }

  /**
   * Not the one that was used longest ago: who goes round and round through a little more than there is room for would
   * then never find anything.
   */
  #oneByLot(): CacheCell<V> | undefined {
    let index = 0;
    for (let chance = 0; chance < chancesMax; chance += 1) {
      this.#lot = (Math.imul(this.#lot, 1_664_525) + 1_013_904_223) >>> 0;
      index = this.#lot % this.#proven.length;
      const cell = this.#proven[index];
      if (cell === undefined || !cell.isUsed) break;
      cell.isUsed = false;
    }
    const cell = this.#proven[index];
    const last = this.#proven.pop();
    if (last !== undefined && last !== cell) this.#proven[index] = last;
    this.#provenBytes -= cell?.bytes ?? 0;
    return cell;
  }
}
