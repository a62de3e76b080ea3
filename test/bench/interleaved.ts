/**
 * Two servers measured by turns, A B B A in each round. Other programs of the machine slow both down alike. Figures are
 * medians. Ratios are ours beside theirs: greater is better for us, whatever is measured.
 */
import { percentile, type Measured } from './closed-loop.ts';

export interface Case<Server> {
  /** As in `ratios`. */
  readonly key: string;
  /** Compared first: operations a second, or a time. */
  readonly ratioOf: keyof Measured;
  run(server: Server, seconds: number): Promise<Measured>;
}

export interface Row {
  readonly key: string;
  readonly ratioOf: keyof Measured;
  readonly ours: Measured;
  readonly theirs: Measured;
  /** The ratios of single rounds, the least and the greatest. */
  readonly spread: readonly [number, number];
}

export interface Rounds {
  readonly rounds: number;
  readonly seconds: number;
}

/** How long a case runs before it is measured: ours is compiled while it runs. */
const warmUpSeconds = 2;

const median = (numbers: readonly number[]): number =>
  percentile(
    numbers.toSorted((a, b) => a - b),
    0.5,
  );

export function medians(runs: readonly Measured[]): Measured {
  const of = (field: keyof Measured): number => median(runs.map((run) => run[field]));
  return { perSecond: of('perSecond'), p50Ms: of('p50Ms'), p99Ms: of('p99Ms'), cpuMsEach: of('cpuMsEach') };
}

/** A ratio of rates is ours ÷ theirs, one of times theirs ÷ ours. */
export function ratioOf(field: keyof Measured, { ours, theirs }: { readonly ours: Measured; readonly theirs: Measured }): number {
  return field === 'perSecond' ? ours[field] / theirs[field] : theirs[field] / ours[field];
}

export async function interleaved<Server>(one: Case<Server>, ours: Server, theirs: Server, { rounds, seconds }: Rounds): Promise<Row> {
  for (const server of [ours, theirs]) await one.run(server, warmUpSeconds);
  const own: Measured[] = [];
  const other: Measured[] = [];
  const single: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const first = await one.run(ours, seconds);
    const others = [await one.run(theirs, seconds), await one.run(theirs, seconds)];
    const pair = [first, await one.run(ours, seconds)];
    own.push(...pair);
    other.push(...others);
    single.push(ratioOf(one.ratioOf, { ours: medians(pair), theirs: medians(others) }));
  }
  const spread = [Math.min(...single), Math.max(...single)] as const;
  return { key: one.key, ratioOf: one.ratioOf, ours: medians(own), theirs: medians(other), spread };
}
