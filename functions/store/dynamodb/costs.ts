/**
 * What the table costs: calls, bytes and capacity units by operation. Exact, so that tests can hold each operation to
 * its price. Bytes are those of the items, as the service counts an item's size.
 */
import { withoutTrailing } from '../../kube/trailing.ts';
import type { AttributeValue, Item } from './item.ts';

export interface Cost {
  readonly calls: number;
  readonly bytesOut: number;
  readonly bytesIn: number;
  readonly writeUnits: number;
  readonly readUnits: number;
}

export const noCost: Cost = { calls: 0, bytesOut: 0, bytesIn: 0, writeUnits: 0, readUnits: 0 };

export const sumOf = (costs: Iterable<Cost>): Cost => [...costs].reduce(plus, noCost);

export class CostCounters {
  #byOperation = new Map<string, Cost>();

  count(operation: string, cost: Partial<Cost>): void {
    this.#byOperation.set(operation, plus(this.#byOperation.get(operation) ?? noCost, { ...noCost, ...cost }));
  }

  /** By the name of the port's method, since the last call; counting starts again from nothing. */
  take(): ReadonlyMap<string, Cost> {
    const taken = this.#byOperation;
    this.#byOperation = new Map();
    return taken;
  }
}

const plus = (a: Cost, b: Cost): Cost => ({
  calls: a.calls + b.calls,
  bytesOut: a.bytesOut + b.bytesOut,
  bytesIn: a.bytesIn + b.bytesIn,
  writeUnits: a.writeUnits + b.writeUnits,
  readUnits: a.readUnits + b.readUnits,
});

const writeUnitBytes = 1024;
const readUnitBytes = 4096;

/** A write costs the larger of what was there and what is there, at least one unit; a refused condition costs the same. */
export const writeUnitsOf = (bytes: number): number => Math.max(1, Math.ceil(bytes / writeUnitBytes));

/** A consistent read costs the sum of what it finds, at least one unit. */
export const readUnitsOf = (bytes: number): number => Math.max(1, Math.ceil(bytes / readUnitBytes));

export const bytesOfItems = (items: readonly Item[]): number => items.reduce((sum, item) => sum + itemBytes(item), 0);

/** Source: DynamoDB developer guide, "DynamoDB item sizes and formats". */
export function itemBytes(item: Item): number {
  return Object.entries(item).reduce((sum, [name, value]) => sum + Buffer.byteLength(name) + valueBytes(value), 0);
}

const listBytes = 3;
const elementBytes = 1;

function valueBytes(value: AttributeValue): number {
  if (value.S !== undefined) return Buffer.byteLength(value.S);
  if (value.N !== undefined) return Math.ceil(withoutTrailing(value.N.replaceAll(/[-.]/g, ''), '0').length / 2) + 1;
  if (value.B !== undefined) return value.B.length;
  return listBytes + (value.L ?? []).reduce((sum, element) => sum + elementBytes + valueBytes(element), 0);
}
