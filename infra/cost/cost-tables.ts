/** What things cost, as tables for people: the same in a terminal and in the README. */
import type { Measurements } from './measure.ts';
import {
  auditDollars,
  coldStartMsOf,
  dollarsOf,
  dollarsOfAll,
  dollarsOfRows,
  fixedDollarsOfRows,
  freeDollars,
  gbSecondsOf,
  gbSecondsOfAll,
  idleHour,
  monthRows,
  shapeOf,
  type Row,
} from './month.ts';
import { hoursInMonth, prices } from './prices.ts';
import { alarmDollars, machineDollars } from './standing.ts';
import { added, minus, nothing, times, total, type FunctionUsage, type Usage } from './usage.ts';

type Cells = readonly string[];

/** The first column to the left, numbers to the right. */
export function markdownTable(head: Cells, rows: readonly Cells[]): string {
  const widths = head.map((_, column) => Math.max(4, ...[head, ...rows].map((cells) => (cells[column] ?? '').length)));
  const line = (cells: Cells): string =>
    `| ${widths.map((width, column) => (column === 0 ? (cells[column] ?? '').padEnd(width) : (cells[column] ?? '').padStart(width))).join(' | ')} |`;
  const rule = `| ${widths.map((width, column) => (column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`)).join(' | ')} |`;
  return `${[line(head), rule, ...rows.map(line)].join('\n')}\n`;
}

/** Differences of counts may come out a little below nothing. */
const atLeastNothing = (value: number): number => Math.max(0, value);

const grouped = (value: number, digits: number): string =>
  atLeastNothing(value).toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });

export const countText = (value: number): string => grouped(value, Math.abs(value) >= 100 ? 0 : 1);
/** From a thousand on in whole dollars; below half a cent with six digits, so that the amount does not read as zero. */
export function dollarText(value: number): string {
  const digits = value >= 1000 ? 0 : value > 0 && value < 0.005 ? 6 : 2;
  return `$${grouped(value, digits)}`;
}

function operationCells({ name, usage: used, gbSeconds, dollars }: SimulatedCosts['operations'][number]): Cells {
  const messages = used.fifoRequests + used.standardRequests;
  const counts = [used.invocations, used.tableCalls, used.writeUnits, used.readUnits, messages].map(countText);
  return [name, ...counts, grouped(gbSeconds, gbSeconds >= 100 ? 0 : 3), dollarText(dollars * 1_000_000)];
}

const operationOf = (name: string, usage: Usage): SimulatedCosts['operations'][number] => ({
  name,
  usage: total(usage),
  gbSeconds: gbSecondsOfAll(usage),
  dollars: dollarsOfAll(usage),
});

function operationsOf(measured: Measurements): SimulatedCosts['operations'] {
  const { podLife, podReplaced, write, read, watchHour, coldStart } = measured;
  const idle = (nodes: number): Usage => idleHour(measured, nodes);
  const started = { ...coldStart, waitedMs: coldStart.waitedMs + coldStartMsOf('api') };
  const startSeconds = gbSecondsOf('api', started);
  return [
    operationOf('an hour of rest, no nodes', idle(0)),
    operationOf('a node at rest, an hour (of 3)', times(minus(idle(3), idle(0)), 1 / 3)),
    operationOf('a node at rest, an hour (of 100)', times(minus(idle(100), idle(0)), 1 / 100)),
    operationOf('a pod, from its start to its end', podLife),
    operationOf('a pod replaced by a rolling update', podReplaced),
    operationOf('a write', write),
    operationOf('a read', read),
    operationOf('a quiet watch, an hour', watchHour),
    { name: 'a function starting from nothing', usage: started, gbSeconds: startSeconds, dollars: dollarsOf(started, startSeconds) },
  ];
}

/** One of each, and what a million of them cost. */
export const operationsTable = (measured: Measurements): string =>
  markdownTable(
    ['', 'invocations', 'table calls', 'write units', 'read units', 'queue requests', 'GB-s', 'a million'],
    operationsOf(measured).map(operationCells),
  );

export interface Size {
  readonly nodes: number;
  readonly pods: number;
}

export const usualSizes: readonly Size[] = [
  { nodes: 3, pods: 30 },
  { nodes: 100, pods: 3_000 },
  { nodes: 5_000, pods: 150_000 },
];

const sizeText = ({ nodes, pods }: Size): string => `${nodes.toLocaleString('en-US')} nodes, ${pods.toLocaleString('en-US')} pods`;

/** Dollars a month, by function, for some sizes side by side. */
export function monthsTable(measured: Measurements, sizes: readonly Size[]): string {
  const months = sizes.map(({ nodes, pods }) => monthRows(measured, shapeOf(nodes, pods)));
  const named = months[0] ?? [];
  const of = (name: string): Cells => months.map((rows) => dollarText(rows.find((row) => row.name === name)?.dollars ?? 0));
  const audit = sizes.map(({ nodes, pods }) => dollarText(auditDollars(measured, shapeOf(nodes, pods))));
  const eks = (hourly: number): Cells => sizes.map(() => dollarText(hourly * hoursInMonth));
  return markdownTable(
    ['dollars a month', ...sizes.map(sizeText)],
    [
      ...named.map(({ name, basis }): Cells => [rowName({ name, basis }), ...of(name)]),
      ['together', ...months.map((rows) => dollarText(dollarsOfRows(rows)))],
      ['of that, fixed', ...months.map((rows) => dollarText(fixedDollarsOfRows(rows)))],
      ['of that, fixed, with alarms=none', ...months.map((rows) => dollarText(fixedDollarsOfRows(rows) - alarmDollars))],
      ['of that, for each node', ...months.map((rows, index) => dollarText(dollarsOfRows(rows) / (sizes[index]?.nodes || 1)))],
      ['together, without what is free for ever', ...months.map((rows) => dollarText(dollarsOfRows(rows) - freeDollars(rows)))],
      ['an audit log besides, where one is chosen', ...audit],
      ['a key of your own besides (key=customer)', ...sizes.map(() => dollarText(prices.kmsKeyMonth))],
      ['machines of the stack besides, with disk and address', ...sizes.map(({ nodes }) => dollarText(nodes * machineDollars))],
      ['EKS, a standard control plane', ...eks(prices.eksHour)],
      ['EKS, in extended support', ...eks(prices.eksExtendedSupportHour)],
    ],
  );
}

/** The name of a row; one that is not counted is marked. */
const rowName = ({ name, basis }: Pick<Row, 'name' | 'basis'>): string => (basis === 'counted' ? name : `${name} (${basis})`);

const rowCells = (name: string, used: FunctionUsage, gbSeconds: number, dollars: number): Cells => [
  name,
  ...[used.invocations, gbSeconds, used.writeUnits, used.readUnits, used.fifoRequests + used.standardRequests].map((value) =>
    grouped(value, 0),
  ),
  dollarText(dollars),
];

/** One size, with what each function uses. */
export function monthTable(measured: Measurements, { nodes, pods }: Size): string {
  const rows: readonly Row[] = monthRows(measured, shapeOf(nodes, pods));
  const together = added(rows.map(({ usage }) => usage));
  const gbSeconds = rows.reduce((seconds, row) => seconds + row.gbSeconds, 0);
  return markdownTable(
    ['a month', 'invocations', 'GB-s', 'write units', 'read units', 'queue requests', 'dollars'],
    [
      ...rows.map((row) => rowCells(rowName(row), row.usage, row.gbSeconds, row.dollars)),
      rowCells('together', together, gbSeconds, dollarsOfRows(rows)),
      rowCells('an audit log besides, where one is chosen', nothing, 0, auditDollars(measured, shapeOf(nodes, pods))),
    ],
  );
}

/** The same for programs: what one of each uses, and what a month costs for each size. */
export interface SimulatedCosts {
  readonly operations: readonly {
    readonly name: string;
    readonly usage: FunctionUsage;
    readonly gbSeconds: number;
    readonly dollars: number;
  }[];
  readonly months: readonly (Size & { readonly rows: readonly Row[]; readonly dollars: number })[];
}

export function simulatedFigures(measured: Measurements, sizes: readonly Size[]): SimulatedCosts {
  return {
    operations: operationsOf(measured),
    months: sizes.map((size) => {
      const rows = monthRows(measured, shapeOf(size.nodes, size.pods));
      return { ...size, rows, dollars: dollarsOfRows(rows) };
    }),
  };
}

/** Everything that `hibernetes cost --simulate` prints without a size of its own; the README shows the same. */
export const simulatedCosts = (measured: Measurements): string => `${operationsTable(measured)}\n${monthsTable(measured, usualSizes)}`;
