/** What functions use of a cloud, as it is counted: no prices here. */
import { manifest } from '../../functions/manifest.ts';

export type FunctionName = 'api' | 'controllers' | 'scheduler' | 'materializer' | 'doorbell' | 'timer';

export interface FunctionUsage {
  readonly invocations: number;
  /** How long they waited: for the table, for queues, for deadlines close by. What they compute is not in it. */
  readonly waitedMs: number;
  readonly tableCalls: number;
  readonly writeUnits: number;
  readonly readUnits: number;
  /** Messages sent, and batches received and deleted, of FIFO queues and of standard ones. */
  readonly fifoRequests: number;
  readonly standardRequests: number;
  /** What an audit log of all requests without their bodies would store. */
  readonly auditBytes: number;
}

export type Usage = Readonly<Record<FunctionName, FunctionUsage>>;

export const functionNames: readonly FunctionName[] = ['api', 'controllers', 'scheduler', 'materializer', 'doorbell', 'timer'];

export const nothing: FunctionUsage = {
  invocations: 0,
  waitedMs: 0,
  tableCalls: 0,
  writeUnits: 0,
  readUnits: 0,
  fifoRequests: 0,
  standardRequests: 0,
  auditBytes: 0,
};

/** Combines two usages of one function, field by field. */
function combined(a: FunctionUsage, b: FunctionUsage, by: (a: number, b: number) => number): FunctionUsage {
  return {
    invocations: by(a.invocations, b.invocations),
    waitedMs: by(a.waitedMs, b.waitedMs),
    tableCalls: by(a.tableCalls, b.tableCalls),
    writeUnits: by(a.writeUnits, b.writeUnits),
    readUnits: by(a.readUnits, b.readUnits),
    fifoRequests: by(a.fifoRequests, b.fifoRequests),
    standardRequests: by(a.standardRequests, b.standardRequests),
    auditBytes: by(a.auditBytes, b.auditBytes),
  };
}

const each = (usageOf: (name: FunctionName) => FunctionUsage): Usage => ({
  api: usageOf('api'),
  controllers: usageOf('controllers'),
  scheduler: usageOf('scheduler'),
  materializer: usageOf('materializer'),
  doorbell: usageOf('doorbell'),
  timer: usageOf('timer'),
});

export const noUsage: Usage = each(() => nothing);
export const plus = (a: Usage, b: Usage): Usage => each((name) => combined(a[name], b[name], (x, y) => x + y));
export const minus = (a: Usage, b: Usage): Usage => each((name) => combined(a[name], b[name], (x, y) => x - y));
export const times = (usage: Usage, factor: number): Usage => each((name) => combined(usage[name], nothing, (x) => x * factor));
export const sum = (usages: readonly Usage[]): Usage => usages.reduce(plus, noUsage);
export const added = (usages: readonly FunctionUsage[]): FunctionUsage => usages.reduce((a, b) => combined(a, b, (x, y) => x + y), nothing);
export const total = (usage: Usage): FunctionUsage => added(functionNames.map((name) => usage[name]));

export const memoryGbOf = (name: FunctionName): number => {
  const spec = manifest.find((one) => one.name === name);
  if (spec === undefined) throw new Error(`the manifest has no function ${name}`);
  return spec.memoryMiB / 1024;
};

/** Adds up while something runs. */
export class Meter {
  #usage = noUsage;

  add(name: FunctionName, part: Partial<FunctionUsage>): void {
    this.#usage = { ...this.#usage, [name]: combined(this.#usage[name], { ...nothing, ...part }, (x, y) => x + y) };
  }

  read(): Usage {
    return this.#usage;
  }
}
