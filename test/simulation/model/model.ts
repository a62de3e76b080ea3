/**
 * The protocol with small bounds, so that all of its states can be visited: two writers and two checkpointers on one
 * key, requests that land late or twice, answers that never come, crashes, expiry. Each log entry changes the key once, so a
 * log entry's number is its revision too.
 *
 * Time is one step, `tick`: more has passed than any reading or signature lives. Requests sent before are void, what
 * was read before is stale. What the watermark had passed by then may be removed at any time after. So may a tombstone
 * that was put before, passed or not.
 */

export interface Rules {
  /** A log entry is put only soon after the head was seen. */
  readonly fence: boolean;
  /** While a log entry is undecided, the operation goes nowhere else. */
  readonly sameEntry: boolean;
  readonly readsWatermarkFirst: boolean;
  readonly readsEveryEntry: boolean;
  readonly putsOnlyOverOlder: boolean;
  readonly leavesTombstones: boolean;
  readonly waitsForPuts: boolean;
  readonly advancesFromWhereRead: boolean;
  readonly putsSoon: boolean;
  readonly movesSoon: boolean;
  /** A tombstone that is put again begins a new life. */
  readonly renewsTombstones: boolean;
  /** A reader does not use items that it read long after the watermark. */
  readonly readsSnapshotSoon: boolean;
  /** A reader takes from the log what old log entries above the watermark did. */
  readonly readsOldEntries: boolean;
}

export const allRules: Rules = {
  fence: true,
  sameEntry: true,
  readsWatermarkFirst: true,
  readsEveryEntry: true,
  putsOnlyOverOlder: true,
  leavesTombstones: true,
  waitsForPuts: true,
  advancesFromWhereRead: true,
  putsSoon: true,
  movesSoon: true,
  renewsTombstones: true,
  readsSnapshotSoon: true,
  readsOldEntries: true,
};

/** A log entry's change: whose operation it is, and whether it deletes. */
export interface Entry {
  readonly operation: string;
  readonly deletes: boolean;
}

interface Writer {
  /** The last log entry it has applied. */
  readonly head: number;
  readonly isFresh: boolean;
  readonly operationsLeft: number;
  /** The log entry that is undecided; 0: none. */
  readonly logIndex: number;
  readonly entry: Entry | undefined;
}

interface Checkpointer {
  readonly step: 'idle' | 'has read the watermark' | 'has read log entries' | 'has put' | 'knows it is in';
  readonly from: number;
  readonly to: number;
  readonly isFresh: boolean;
}

interface Append {
  readonly logIndex: number;
  readonly entry: Entry;
}

interface Put {
  readonly revision: number;
  readonly deletes: boolean;
  readonly by: number;
  readonly isIn: boolean;
}

export interface State {
  /** All entries that were ever written. */
  readonly log: readonly Entry[];
  /** Entries up to this one are removed. */
  readonly removed: number;
  /** The object item: its revision, negative for a tombstone; 0: none. */
  readonly item: number;
  /** It was put before the last tick. */
  readonly isItemOld: boolean;
  readonly watermark: number;
  /** The watermark at the last tick. */
  readonly passed: number;
  /** Entries that were written before the last tick. */
  readonly oldEntries: number;
  readonly ticks: number;
  readonly writers: readonly Writer[];
  readonly checkpointers: readonly Checkpointer[];
  readonly appends: readonly Append[];
  readonly puts: readonly Put[];
  readonly broken?: string;
}

export interface Bounds {
  readonly operations: number;
  readonly ticks: number;
  readonly putsUnderWay: number;
}

export type Step = readonly [name: string, next: State];

const idle: Checkpointer = { step: 'idle', from: 0, to: 0, isFresh: false };

export function firstState({ operations }: Bounds): State {
  const writer: Writer = { head: 0, isFresh: false, operationsLeft: operations, logIndex: 0, entry: undefined };
  const empty = { log: [], removed: 0, item: 0, isItemOld: false, watermark: 0, passed: 0, oldEntries: 0, ticks: 0, appends: [], puts: [] };
  return { ...empty, writers: [writer, writer], checkpointers: [idle, idle] };
}

export function nextStates(state: State, rules: Rules, bounds: Bounds): Step[] {
  return [
    ...state.writers.flatMap((_, index) => writerSteps(state, index, rules)),
    ...state.checkpointers.flatMap((_, index) => checkpointerSteps(state, index, { rules, bounds })),
    ...state.appends.map((append): Step => [`log entry ${append.logIndex} arrives`, arrives(state, append)]),
    ...state.puts.map((put): Step => [`item ${put.revision} arrives`, lands(state, put, rules)]),
    ...timeSteps(state, bounds),
  ];
}

function writerSteps(state: State, index: number, rules: Rules): Step[] {
  const writer = state.writers[index]!;
  const who = `writer ${index + 1}`;
  const become = (next: Partial<Writer>, rest: Partial<State> = {}): State => {
    return { ...state, ...rest, writers: state.writers.with(index, { ...writer, ...next }) };
  };
  const head = state.log.length;
  const done = { logIndex: 0, entry: undefined, operationsLeft: writer.operationsLeft - 1 };
  if (writer.operationsLeft === 0) return [];
  const steps: Step[] = [];
  if (!writer.isFresh || writer.head < head) steps.push([`${who} tails`, become({ head, isFresh: true })]);
  const mayPut = writer.isFresh || !rules.fence;
  if (writer.entry === undefined) {
    if (!mayPut) return steps;
    const logIndex = writer.head + 1;
    const isPresent = writer.head > 0 && !state.log[writer.head - 1]!.deletes;
    for (const deletes of isPresent ? [true, false] : [false]) {
      const entry = { operation: `${index + 1}.${writer.operationsLeft}`, deletes };
      steps.push([`${who} puts log entry ${logIndex}`, become({ logIndex, entry }, { appends: [...state.appends, { logIndex, entry }] })]);
    }
    return steps;
  }
  const { logIndex, entry } = writer;
  const found = state.log[logIndex - 1];
  steps.push([`${who} crashes`, become(done)]);
  if (logIndex <= state.removed) steps.push([`${who} finds log entry ${logIndex} removed`, become(done)]);
  else if (found?.operation === entry.operation)
    steps.push([`${who} has its answer`, become({ ...done, head: Math.max(logIndex, writer.head) })]);
  else if (found !== undefined)
    steps.push([`${who} finds log entry ${logIndex} taken`, become({ logIndex: 0, entry: undefined, head, isFresh: true })]);
  else if (mayPut && !state.appends.some((append) => append.entry.operation === entry.operation && append.logIndex === logIndex))
    steps.push([`${who} puts log entry ${logIndex} again`, become({}, { appends: [...state.appends, { logIndex, entry }] })]);
  if (!rules.sameEntry)
    steps.push([`${who} gives log entry ${logIndex} up`, become({ logIndex: 0, entry: undefined, head, isFresh: true })]);
  return steps;
}

/** It stays under way: it may come twice. */
function arrives(state: State, { logIndex, entry }: Append): State {
  const isTwice = state.log.some(({ operation }) => operation === entry.operation);
  if (logIndex <= state.removed) return { ...state, broken: `log entry ${logIndex} is written a second time` };
  if (logIndex !== state.log.length + 1) return state;
  return { ...state, log: [...state.log, entry], ...(isTwice ? { broken: `${entry.operation} is in the log twice` } : {}) };
}

function checkpointerSteps(state: State, index: number, { rules, bounds }: { rules: Rules; bounds: Bounds }): Step[] {
  const own = state.checkpointers[index]!;
  const who = `checkpointer ${index + 1}`;
  const become = (next: Partial<Checkpointer>, rest: Partial<State> = {}): State => {
    return { ...state, ...rest, checkpointers: state.checkpointers.with(index, { ...own, ...next }) };
  };
  if (own.step === 'idle') {
    if (state.watermark === state.log.length) return [];
    return [[`${who} reads the watermark`, become({ step: 'has read the watermark', from: state.watermark, isFresh: true })]];
  }
  // Who has put nothing might as well not have begun.
  const hasPut = own.step === 'has put' || own.step === 'knows it is in';
  const steps: Step[] = hasPut ? [[`${who} gives up`, become(idle)]] : [];
  if (own.step === 'has read the watermark' && state.removed <= own.from) {
    for (let to = own.from + 1; to <= state.log.length; to += 1)
      steps.push([`${who} reads log entries to ${to}`, become({ step: 'has read log entries', to })]);
  }
  if (own.step === 'has read log entries' && state.puts.length < bounds.putsUnderWay && (own.isFresh || !rules.putsSoon)) {
    const put = { revision: own.to, deletes: state.log[own.to - 1]!.deletes, by: index, isIn: false };
    const from = rules.readsWatermarkFirst ? own.from : state.watermark;
    steps.push([`${who} puts item ${own.to}`, become({ step: 'has put', from }, { puts: [...state.puts, put] })]);
  }
  const isIn = state.puts.some((put) => put.by === index && put.revision === own.to && put.isIn);
  if (own.step === 'has put' && (isIn || !rules.waitsForPuts))
    steps.push([`${who} knows that it is in`, become({ step: 'knows it is in' })]);
  const mayMove = (own.isFresh || !rules.movesSoon) && (state.watermark === own.from || !rules.advancesFromWhereRead);
  if (own.step === 'knows it is in' && mayMove) {
    const to = rules.readsEveryEntry ? own.to : Math.min(own.to + 1, state.log.length);
    const broken = to < state.watermark ? { broken: `the watermark goes back from ${state.watermark} to ${to}` } : {};
    steps.push([`${who} moves the watermark to ${to}`, become(idle, { watermark: to, ...broken })]);
  }
  return steps;
}

function lands(state: State, put: Put, rules: Rules): State {
  const puts = state.puts.map((other) => (other === put ? { ...put, isIn: true } : other));
  if (rules.renewsTombstones && put.deletes && state.item === -put.revision) return { ...state, puts, isItemOld: false };
  if (rules.putsOnlyOverOlder && Math.abs(state.item) >= put.revision) return { ...state, puts };
  const tombstone = rules.leavesTombstones ? -put.revision : 0;
  return { ...state, puts, item: put.deletes ? tombstone : put.revision, isItemOld: false };
}

function timeSteps(state: State, bounds: Bounds): Step[] {
  const { log, item, watermark, writers, checkpointers, passed, ticks } = state;
  const steps: Step[] = [];
  if (ticks < bounds.ticks) {
    const stale = {
      writers: writers.map((writer) => ({ ...writer, isFresh: false })),
      checkpointers: checkpointers.map((one) => ({ ...one, isFresh: false })),
    };
    const old = { passed: watermark, oldEntries: log.length, isItemOld: item < 0 };
    steps.push(['a long time passes', { ...state, ...stale, ...old, ticks: ticks + 1, appends: [], puts: [] }]);
  }
  if (state.removed < passed) steps.push([`log entries to ${passed} are removed`, { ...state, removed: passed }]);
  if (item < 0 && state.isItemOld) steps.push(['the tombstone is removed', { ...state, item: 0, isItemOld: false }]);
  return steps;
}

/** What is lost in this state, for one who starts cold; undefined: nothing. */
export function loss(state: State, rules: Rules): string | undefined {
  const { watermark, removed, broken, ticks, checkpointers } = state;
  if (broken !== undefined) return broken;
  if (removed > watermark) return `log entry ${watermark + 1} is removed, but above the watermark`;
  const now = wrongCheckpoint(state, watermark, ticks > 0 && rules.readsOldEntries);
  if (now !== undefined) return now;
  // Who has read the watermark, and reads items now, knows what a checkpointer knows.
  for (const { step, from, isFresh } of checkpointers) {
    if (step !== 'has read the watermark' || (!isFresh && rules.readsSnapshotSoon)) continue;
    const late = wrongCheckpoint(state, from, ticks > 0 && isFresh && rules.readsOldEntries);
    if (late !== undefined) return late;
  }
  return undefined;
}

/** How the item differs from the log up to this index, unless the reader takes it from the log. */
function wrongCheckpoint({ log, item, removed, oldEntries }: State, from: number, knowsAge: boolean): string | undefined {
  // It finds log entries missing, or newer items, or old log entries, and goes on by the log.
  if (removed > from || Math.abs(item) > from || (knowsAge && from <= oldEntries && from < log.length)) return undefined;
  const last = log[from - 1];
  const isPresent = last !== undefined && !last.deletes;
  if (isPresent ? item === from : item <= 0) return undefined;
  return `the item is ${item}, the watermark that was read ${from}`;
}
