/**
 * What AWS asks, and what is assumed where nothing was measured. Prices of us-east-1, on demand, without free tiers,
 * as read on the date below; nothing here was taken from a bill.
 */
export const pricesReadOn = '2026-11-20';

const million = 1_000_000;

/** Dollars. */
export const prices = {
  request: 0.2 / million,
  /** Functions on arm64. */
  gbSecond: 0.000_013_333_4,
  writeUnit: 0.625 / million,
  readUnit: 0.125 / million,
  /** Storage, and its point-in-time recovery. */
  storedGbMonth: 0.25 + 0.2,
  fifoRequest: 0.5 / million,
  standardRequest: 0.4 / million,
  scheduledCall: 1 / million,
  secretMonth: 0.4,
  secretRead: 0.05 / 10_000,
  /** Events that CloudWatch Logs takes, and keeps: as long as they are, though it keeps them compressed. */
  loggedGb: 0.5,
  logGbMonth: 0.03,
  /** The price of an alarm of standard resolution. */
  alarmMetricMonth: 0.1,
  kmsKeyMonth: 1,
  /** t4g.small, Linux, on demand. */
  machineHour: 0.0168,
  publicAddressHour: 0.005,
  /** gp3. */
  diskGibMonth: 0.08,
  machineDiskGib: 30,
  eksHour: 0.1,
  eksExtendedSupportHour: 0.6,
} as const;

/**
 * What an account has free each month, for ever and not only in its first year. A figure without free tiers ignores
 * these. Queue requests of both kinds count together.
 */
export const freeEachMonth = {
  requests: million,
  gbSeconds: 400_000,
  queueRequests: million,
  scheduledCalls: 14 * million,
  alarmMetrics: 10,
} as const;

/** The hours of a month, as AWS counts them. */
export const hoursInMonth = 730;
export const daysInMonth = hoursInMonth / 24;

export const assumptions = {
  /**
   * What an invocation computes besides waiting, in milliseconds. A request takes about 2 ms here. The rest is for TLS,
   * JSON and, in functions with little memory, a small share of a processor.
   */
  computeMs: { api: 12, controllers: 10, scheduler: 10, materializer: 20, doorbell: 10, timer: 10 },
  /** How often a day each function that holds the state starts cold, and what that computes on a whole processor. */
  coldStartsPerDay: 12,
  coldStartMs: 400,
  /** Functions with less memory have a share of a processor. Source: AWS Lambda developer guide, "Configure function memory". */
  wholeProcessorMiB: 1769,
  /** Lambda asks each queue for messages whether there are any or not: five waits of 20 seconds, side by side. */
  emptyReceivesPerHour: 5 * 180,
  /**
   * Nodes poll every 20 seconds, and controllers check each after 40. So wakes are 20 seconds apart, however many nodes
   * there are.
   */
  deadlinesPerHourMax: 180,
  /** Lambda polls each shard of the stream four times a second; a new table has four shards. */
  streamCallsPerHourMax: 4 * 4 * 3600,
  /** What functions write to their logs besides warnings: no line for a call, one for what is worth one. */
  loggedBytesPerInvocation: 20,
  /** How long logs are kept unless another time is chosen. */
  logMonths: 14 / 30,
  auditLogMonths: 3,
  /** Stored: the object and its Events. The log of a day is computed from its writes. */
  storedBytesPerPod: 4096,
} as const;
