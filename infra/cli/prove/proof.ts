/** What a proof found, what it may cost at most, and how it is printed. Pure. The report names no account, so that it can be shared. */
import { daysInMonth, prices } from '../../cost/prices.ts';
import { manifest } from '../../../functions/manifest.ts';
import type { ApiHost } from '../../aws/deployment.ts';

export interface ProofStep {
  readonly name: string;
  readonly isProven: boolean;
  readonly seconds: number;
  /** What was seen, or why it failed. */
  readonly found: string;
}

export interface Latencies {
  readonly count: number;
  /** The time of the first one, which may have started a function. */
  readonly firstMs: number;
  readonly medianMs: number;
  readonly p90Ms: number;
  readonly greatestMs: number;
}

/** What AWS counted; undefined where it had no figure. */
export interface CountedUse {
  readonly invocations: number | undefined;
  readonly gbSeconds: number | undefined;
  readonly writeUnits: number | undefined;
  readonly readUnits: number | undefined;
}

export interface ProofReport {
  readonly region: string;
  readonly version: string;
  readonly host: string;
  readonly steps: readonly ProofStep[];
  readonly reads: Latencies | undefined;
  readonly writes: Latencies | undefined;
  readonly used: CountedUse;
  readonly centsCounted: number;
  readonly centsAtMost: number;
}

/** What AWS itself holds the stack of a proof to. */
export const proofLimits = {
  concurrency: 2,
  apiEnvironments: 20,
  apiRequestsPerSecond: 50,
  tableReadsPerSecond: 1000,
  tableWritesPerSecond: 200,
} as const;

const mibInGb = 1024;
const secondsInHour = 3600;

/** The memory of an instance of a Web Function. Its price is not published, and taken to be that of other functions. */
const webFunctionMiB = 2048;
/** A Function URL takes this many from each instance that it may have. Source: Lambda, throttling of function URLs. */
const requestsPerInstance = 10;

/** Every function runs all the time at its limit, and the table takes all that it may. */
export function centsAtMost({
  host,
  minutes,
  machines,
}: {
  readonly host: ApiHost;
  readonly minutes: number;
  readonly machines: number;
}): number {
  const seconds = minutes * 60;
  const { apiEnvironments, concurrency, apiRequestsPerSecond, tableReadsPerSecond, tableWritesPerSecond } = proofLimits;
  const mib = manifest.map(({ name, memoryMiB }) => {
    if (name !== 'api') return concurrency * memoryMiB;
    return apiEnvironments * (host === 'web-function' ? webFunctionMiB : memoryMiB);
  });
  const gb = mib.reduce((sum, one) => sum + one, 0) / mibInGb;
  const requestsPerSecond = Math.max(apiRequestsPerSecond, apiEnvironments * requestsPerInstance);
  const functions = seconds * (gb * prices.gbSecond + requestsPerSecond * prices.request);
  const table = seconds * (tableReadsPerSecond * prices.readUnit + tableWritesPerSecond * prices.writeUnit);
  return Math.ceil((functions + table + machineDollars(seconds, machines)) * 100);
}

export const centsOf = (used: CountedUse, seconds: number, machines: number): number =>
  100 *
  ((used.invocations ?? 0) * prices.request +
    (used.gbSeconds ?? 0) * prices.gbSecond +
    (used.writeUnits ?? 0) * prices.writeUnit +
    (used.readUnits ?? 0) * prices.readUnit +
    machineDollars(seconds, machines));

function machineDollars(seconds: number, machines: number): number {
  const hours = seconds / secondsInHour;
  const disk = (prices.machineDiskGib * prices.diskGibMonth * hours) / (24 * daysInMonth);
  return machines * (hours * (prices.machineHour + prices.publicAddressHour) + disk);
}

/** Undefined: there were none. */
export function latenciesOf(ms: readonly number[]): Latencies | undefined {
  const [first] = ms;
  if (first === undefined) return undefined;
  const sorted = ms.toSorted((a, b) => a - b).map(Math.round);
  const at = (share: number): number => sorted[Math.ceil(share * sorted.length) - 1] ?? 0;
  return { count: ms.length, firstMs: Math.round(first), medianMs: at(0.5), p90Ms: at(0.9), greatestMs: at(1) };
}

const nameChars = 34;

const latencyLine = (what: string, found: Latencies | undefined): string =>
  found === undefined
    ? `${what.padEnd(nameChars)} not measured\n`
    : `${what.padEnd(nameChars)} first ${found.firstMs} ms, median ${found.medianMs}, 90 % within ${found.p90Ms}, greatest ${found.greatestMs} (of ${found.count})\n`;

const countLine = (what: string, count: number | undefined): string =>
  `${what.padEnd(nameChars)} ${count === undefined ? 'not known' : Math.round(count)}\n`;

export function reportText({ region, version, host, steps, reads, writes, used, centsCounted, centsAtMost: most }: ProofReport): string {
  const proven = steps.filter(({ isProven }) => isProven).length;
  return [
    `\nhibernetes ${version}, ${host} in ${region}: ${proven} of ${steps.length} proven\n\n`,
    ...steps.map(
      ({ name, isProven, seconds, found }) =>
        `${isProven ? '✓' : '✗'} ${name.padEnd(nameChars)} ${seconds.toFixed(1).padStart(7)} s  ${found}\n`,
    ),
    '\n',
    latencyLine('reads', reads),
    latencyLine('writes', writes),
    countLine('invocations', used.invocations),
    countLine('GB-seconds', used.gbSeconds),
    countLine('write units', used.writeUnits),
    countLine('read units', used.readUnits),
    `${'cents, of what was counted'.padEnd(nameChars)} ${centsCounted.toFixed(2)} (${most} at most)\n`,
  ].join('');
}
