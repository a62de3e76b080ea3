/** A month of a cluster of some shape: what was measured, multiplied, and its price. Pure. */
import type { Measurements } from './measure.ts';
import { assumptions, daysInMonth, freeEachMonth, hoursInMonth, prices } from './prices.ts';
import { alarmDollars, freeAlarmDollars } from './standing.ts';
import {
  functionNames,
  memoryGbOf,
  minus,
  nothing,
  plus,
  sum,
  times,
  total,
  type FunctionName,
  type FunctionUsage,
  type Usage,
} from './usage.ts';

export interface ClusterShape {
  readonly nodes: number;
  readonly pods: number;
  /** Pods that are started and stopped: by deployments, scaling, and whatever fails. */
  readonly podLivesPerDay: number;
  readonly readsPerDay: number;
  readonly writesPerDay: number;
  readonly watchHoursPerDay: number;
}

/** `counted`: by the functions themselves. `computed`: from assumptions. `fixed`: computed, and the same for all sizes. */
export type RowBasis = 'counted' | 'computed' | 'fixed';

export interface Row {
  readonly name: string;
  readonly basis: RowBasis;
  readonly usage: FunctionUsage;
  readonly gbSeconds: number;
  readonly dollars: number;
}

/** Every pod is replaced once a day; people and programs ask the API more the more nodes there are. */
export const shapeOf = (nodes: number, pods: number): ClusterShape => ({
  nodes,
  pods,
  podLivesPerDay: pods,
  readsPerDay: 500 + 20 * nodes,
  writesPerDay: 100 + 5 * nodes,
  watchHoursPerDay: Math.min(24, 1 + nodes / 20),
});

export const gbSecondsOf = (name: FunctionName, { invocations, waitedMs }: FunctionUsage): number =>
  (memoryGbOf(name) * (waitedMs + invocations * assumptions.computeMs[name])) / 1000;

export const dollarsOf = (usage: FunctionUsage, gbSeconds: number): number =>
  usage.invocations * prices.request +
  gbSeconds * prices.gbSecond +
  usage.writeUnits * prices.writeUnit +
  usage.readUnits * prices.readUnit +
  usage.fifoRequests * prices.fifoRequest +
  usage.standardRequests * prices.standardRequest;

export const gbSecondsOfAll = (usage: Usage): number =>
  functionNames.reduce((seconds, name) => seconds + gbSecondsOf(name, usage[name]), 0);

export const dollarsOfAll = (usage: Usage): number =>
  functionNames.reduce((dollars, name) => dollars + dollarsOf(usage[name], gbSecondsOf(name, usage[name])), 0);

/** Between two numbers of nodes that were measured, a straight line; beyond the last, the same line goes on. */
export function idleHour({ idleHours }: Pick<Measurements, 'idleHours'>, nodes: number): Usage {
  const above = idleHours.findIndex((measured) => measured.nodes >= nodes);
  const upper = Math.max(1, above === -1 ? idleHours.length - 1 : above);
  const [from, to] = [idleHours[upper - 1], idleHours[upper]];
  if (from === undefined || to === undefined) throw new Error('two numbers of nodes must have been measured');
  const perNode = times(minus(to.usage, from.usage), 1 / (to.nodes - from.nodes));
  return limited(plus(from.usage, times(perNode, nodes - from.nodes)));
}

const minutesInHour = 60;
const scheduledCalls = hoursInMonth * minutesInHour;

/** How often controllers, timer and doorbell run has a limit, however many nodes there are. What a run reads has none. */
function limited(usage: Usage): Usage {
  const { deadlinesPerHourMax, streamCallsPerHourMax } = assumptions;
  return {
    ...usage,
    controllers: atMost(usage.controllers, deadlinesPerHourMax),
    timer: atMost(usage.timer, deadlinesPerHourMax + minutesInHour),
    doorbell: atMost(usage.doorbell, streamCallsPerHourMax),
  };
}

function atMost(usage: FunctionUsage, invocationsMax: number): FunctionUsage {
  const share = Math.min(1, invocationsMax / Math.max(1, usage.invocations));
  return {
    ...usage,
    invocations: Math.min(usage.invocations, invocationsMax),
    waitedMs: usage.waitedMs * share,
    writeUnits: usage.writeUnits * share,
    fifoRequests: usage.fifoRequests * share,
    standardRequests: usage.standardRequests * share,
    auditBytes: usage.auditBytes * share,
  };
}

const withState: readonly FunctionName[] = ['api', 'controllers', 'scheduler', 'materializer'];
/** Functions that read the cluster's key when they start. */
const withKey: readonly FunctionName[] = [...withState, 'timer'];

/** The processor time of a cold start. */
export const coldStartMsOf = (name: FunctionName): number =>
  assumptions.coldStartMs * Math.max(1, assumptions.wholeProcessorMiB / 1024 / memoryGbOf(name));

/** What starting from nothing costs in a month, by function. */
function coldStarts({ coldStart, coldStartPodReadUnits }: Measurements, { pods }: ClusterShape): Usage {
  const starts = assumptions.coldStartsPerDay * daysInMonth;
  const one = (name: FunctionName): FunctionUsage => ({
    ...nothing,
    waitedMs: coldStart.waitedMs + coldStartMsOf(name),
    tableCalls: coldStart.tableCalls,
    readUnits: coldStart.readUnits + pods * coldStartPodReadUnits,
  });
  const parts = withState.map((name) => times(only(name, one(name)), starts));
  return sum(parts);
}

const only = (name: FunctionName, usage: FunctionUsage): Usage => ({
  api: nothing,
  controllers: nothing,
  scheduler: nothing,
  materializer: nothing,
  doorbell: nothing,
  timer: nothing,
  [name]: usage,
});

export function monthUsage(measured: Measurements, shape: ClusterShape): Usage {
  return sum([
    times(idleHour(measured, shape.nodes), hoursInMonth),
    times(measured.podLife, shape.podLivesPerDay * daysInMonth),
    times(measured.read, shape.readsPerDay * daysInMonth),
    times(measured.write, shape.writesPerDay * daysInMonth),
    times(measured.watchHour, shape.watchHoursPerDay * daysInMonth),
    coldStarts(measured, shape),
  ]);
}

const keyReads = withKey.length * assumptions.coldStartsPerDay * daysInMonth;
const queueCount = { fifo: 3, standard: 1 };
const bytesInGb = 1024 ** 3;

/** What is paid for whether functions run or not. */
function standingRows(usage: Usage, shape: ClusterShape): Row[] {
  const receives = assumptions.emptyReceivesPerHour * hoursInMonth;
  const waiting: FunctionUsage = { ...nothing, fifoRequests: receives * queueCount.fifo, standardRequests: receives * queueCount.standard };
  const { api, controllers, scheduler } = usage;
  const logBytes = ((api.writeUnits + controllers.writeUnits + scheduler.writeUnits) / daysInMonth) * 1024;
  const storedGb = (shape.pods * assumptions.storedBytesPerPod + logBytes) / bytesInGb;
  const loggedGb = (total(usage).invocations * assumptions.loggedBytesPerInvocation) / bytesInGb;
  const still = { usage: nothing, gbSeconds: 0 };
  const fixed = { ...still, basis: 'fixed' } as const;
  const computed = { ...still, basis: 'computed' } as const;
  return [
    { ...computed, name: 'storage and its recovery', dollars: storedGb * prices.storedGbMonth },
    { ...computed, name: 'logs', dollars: loggedGb * (prices.loggedGb + assumptions.logMonths * prices.logGbMonth) },
    { ...fixed, name: 'queues, asked while empty', usage: waiting, dollars: dollarsOf(waiting, 0) },
    { ...fixed, name: 'the minute', dollars: scheduledCalls * prices.scheduledCall },
    { ...fixed, name: 'the key that seals Secrets', dollars: prices.secretMonth + keyReads * prices.secretRead },
    { ...fixed, name: 'alarms', dollars: alarmDollars },
  ];
}

/** By function, and what belongs to none. */
export function monthRows(measured: Measurements, shape: ClusterShape): readonly Row[] {
  const usage = monthUsage(measured, shape);
  const functions = functionNames.map((name) => {
    const gbSeconds = gbSecondsOf(name, usage[name]);
    return { name, basis: 'counted' as const, usage: usage[name], gbSeconds, dollars: dollarsOf(usage[name], gbSeconds) };
  });
  return [...functions, ...standingRows(usage, shape)];
}

/** An audit log of all requests without their bodies: what comes in, and what is kept of it. */
export function auditDollars(measured: Measurements, shape: ClusterShape): number {
  const loggedGb = total(monthUsage(measured, shape)).auditBytes / bytesInGb;
  return loggedGb * (prices.loggedGb + assumptions.auditLogMonths * prices.logGbMonth);
}

/** What is off a month's bill in an account that uses its free tiers for nothing else. */
export function freeDollars(rows: readonly Row[]): number {
  const sumOf = (count: (row: Row) => number): number => rows.reduce((sum, row) => sum + count(row), 0);
  const requests = sumOf(({ usage }) => usage.invocations);
  const gbSeconds = sumOf((row) => row.gbSeconds);
  const queueRequests = sumOf(({ usage }) => usage.fifoRequests + usage.standardRequests);
  return (
    Math.min(freeEachMonth.requests, requests) * prices.request +
    Math.min(freeEachMonth.gbSeconds, gbSeconds) * prices.gbSecond +
    // AWS does not document which of the two kinds the free requests go to first: this takes the cheaper one.
    Math.min(freeEachMonth.queueRequests, queueRequests) * prices.standardRequest +
    Math.min(freeEachMonth.scheduledCalls, scheduledCalls) * prices.scheduledCall +
    freeAlarmDollars
  );
}

export const fixedDollarsOfRows = (rows: readonly Row[]): number => dollarsOfRows(rows.filter(({ basis }) => basis === 'fixed'));

export const dollarsOfRows = (rows: readonly Row[]): number => rows.reduce((dollars, row) => dollars + row.dollars, 0);
