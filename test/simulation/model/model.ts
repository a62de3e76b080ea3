/**
 * The protocol with small bounds, so that all of its states can be looked at: two writers and two materialisers on one
 * key, requests that land late or twice, answers that never come, crashes, expiry. Each slot changes the key once, so a
 * slot's number is its revision too.
 *
 * Time is one step, `tick`: more has passed than any reading or signature lives. Requests sent before are void, what
 * was read before is stale, and what the watermark had passed by then may be removed at any time after.
 */

export interface Rules {
  /** A slot is put only soon after the head was seen. */
  readonly fence: boolean;
  /** While a slot is undecided, the operation goes nowhere else. */
  readonly sameSlot: boolean;
  readonly readsWatermarkFirst: boolean;
  readonly readsEverySlot: boolean;
  readonly putsOnlyOverOlder: boolean;
  readonly leavesTombstones: boolean;
  readonly waitsForPuts: boolean;
  readonly advancesFromWhereRead: boolean;
  readonly putsSoon: boolean;
}

export const allRules: Rules = {
  fence: true,
  sameSlot: true,
  readsWatermarkFirst: true,
  readsEverySlot: true,
  putsOnlyOverOlder: true,
  leavesTombstones: true,
  waitsForPuts: true,
  advancesFromWhereRead: true,
  putsSoon: true,
};

/** A slot's change: whose operation it is, and whether it deletes. */
interface Entry {
  readonly operation: string;
  readonly deletes: boolean;
}

interface Writer {
  /** The last slot it has applied. */
  readonly head: number;
  readonly isFresh: boolean;
  readonly operationsLeft: number;
  /** The slot that is undecided; 0: none. */
  readonly slot: number;
  readonly entry: Entry | undefined;
}

interface Materialiser {
  readonly step: 'idle' | 'has read the watermark' | 'has read slots' | 'has put' | 'knows it is in';
  readonly from: number;
  readonly to: number;
  readonly isFresh: boolean;
}

interface Append {
  readonly slot: number;
  readonly entry: Entry;
}

interface Put {
  readonly revision: number;
  readonly deletes: boolean;
  readonly by: number;
  readonly isIn: boolean;
}

export interface State {
  /** What was ever written. */
  readonly log: readonly Entry[];
  /** Slots up to this one are removed. */
  readonly removed: number;
  /** The object item: its revision, negative for a tombstone; 0: none. */
  readonly item: number;
  readonly watermark: number;
  /** The watermark at the last tick. */
  readonly passed: number;
  readonly ticks: number;
  readonly writers: readonly Writer[];
  readonly materialisers: readonly Materialiser[];
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

const idle: Materialiser = { step: 'idle', from: 0, to: 0, isFresh: false };

export function firstState({ operations }: Bounds): State {
  const writer: Writer = { head: 0, isFresh: false, operationsLeft: operations, slot: 0, entry: undefined };
  const empty = { log: [], removed: 0, item: 0, watermark: 0, passed: 0, ticks: 0, appends: [], puts: [] };
  return { ...empty, writers: [writer, writer], materialisers: [idle, idle] };
}

export function nextStates(state: State, rules: Rules, bounds: Bounds): Step[] {
  return [
    ...state.writers.flatMap((_, index) => writerSteps(state, index, rules)),
    ...state.materialisers.flatMap((_, index) => materialiserSteps(state, index, { rules, bounds })),
    ...state.appends.map((append): Step => [`slot ${append.slot} arrives`, arrives(state, append)]),
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
  const done = { slot: 0, entry: undefined, operationsLeft: writer.operationsLeft - 1 };
  if (writer.operationsLeft === 0) return [];
  const steps: Step[] = [];
  if (!writer.isFresh || writer.head < head) steps.push([`${who} tails`, become({ head, isFresh: true })]);
  const mayPut = writer.isFresh || !rules.fence;
  if (writer.entry === undefined) {
    if (!mayPut) return steps;
    const slot = writer.head + 1;
    const isPresent = writer.head > 0 && !state.log[writer.head - 1]!.deletes;
    for (const deletes of isPresent ? [true, false] : [false]) {
      const entry = { operation: `${index + 1}.${writer.operationsLeft}`, deletes };
      steps.push([`${who} puts slot ${slot}`, become({ slot, entry }, { appends: [...state.appends, { slot, entry }] })]);
    }
    return steps;
  }
  const { slot, entry } = writer;
  const found = state.log[slot - 1];
  steps.push([`${who} crashes`, become(done)]);
  if (slot <= state.removed) steps.push([`${who} finds slot ${slot} removed`, become(done)]);
  else if (found?.operation === entry.operation)
    steps.push([`${who} has its answer`, become({ ...done, head: Math.max(slot, writer.head) })]);
  else if (found !== undefined) steps.push([`${who} finds slot ${slot} taken`, become({ slot: 0, entry: undefined, head, isFresh: true })]);
  else if (mayPut && !state.appends.some((append) => append.entry.operation === entry.operation && append.slot === slot))
    steps.push([`${who} puts slot ${slot} again`, become({}, { appends: [...state.appends, { slot, entry }] })]);
  if (!rules.sameSlot) steps.push([`${who} gives slot ${slot} up`, become({ slot: 0, entry: undefined, head, isFresh: true })]);
  return steps;
}

/** It stays under way: it may come twice. */
function arrives(state: State, { slot, entry }: Append): State {
  const isTwice = state.log.some(({ operation }) => operation === entry.operation);
  if (slot <= state.removed) return { ...state, broken: `slot ${slot} is written a second time` };
  if (slot !== state.log.length + 1) return state;
  return { ...state, log: [...state.log, entry], ...(isTwice ? { broken: `${entry.operation} is in the log twice` } : {}) };
}

function materialiserSteps(state: State, index: number, { rules, bounds }: { rules: Rules; bounds: Bounds }): Step[] {
  const own = state.materialisers[index]!;
  const who = `materialiser ${index + 1}`;
  const become = (next: Partial<Materialiser>, rest: Partial<State> = {}): State => {
    return { ...state, ...rest, materialisers: state.materialisers.with(index, { ...own, ...next }) };
  };
  if (own.step === 'idle') {
    if (state.watermark === state.log.length) return [];
    return [[`${who} reads the watermark`, become({ step: 'has read the watermark', from: state.watermark, isFresh: true })]];
  }
  const steps: Step[] = [[`${who} gives up`, become(idle)]];
  if (own.step === 'has read the watermark' && state.removed <= own.from) {
    for (let to = own.from + 1; to <= state.log.length; to += 1)
      steps.push([`${who} reads slots to ${to}`, become({ step: 'has read slots', to })]);
  }
  if (own.step === 'has read slots' && state.puts.length < bounds.putsUnderWay && (own.isFresh || !rules.putsSoon)) {
    const put = { revision: own.to, deletes: state.log[own.to - 1]!.deletes, by: index, isIn: false };
    const from = rules.readsWatermarkFirst ? own.from : state.watermark;
    steps.push([`${who} puts item ${own.to}`, become({ step: 'has put', from }, { puts: [...state.puts, put] })]);
  }
  const isIn = state.puts.some((put) => put.by === index && put.revision === own.to && put.isIn);
  if (own.step === 'has put' && (isIn || !rules.waitsForPuts))
    steps.push([`${who} knows that it is in`, become({ step: 'knows it is in' })]);
  if (own.step === 'knows it is in' && (state.watermark === own.from || !rules.advancesFromWhereRead)) {
    const to = rules.readsEverySlot ? own.to : Math.min(own.to + 1, state.log.length);
    steps.push([`${who} moves the watermark to ${to}`, become(idle, { watermark: to })]);
  }
  return steps;
}

function lands(state: State, put: Put, rules: Rules): State {
  const puts = state.puts.map((other) => (other === put ? { ...put, isIn: true } : other));
  if (rules.putsOnlyOverOlder && Math.abs(state.item) >= put.revision) return { ...state, puts };
  const tombstone = rules.leavesTombstones ? -put.revision : 0;
  return { ...state, puts, item: put.deletes ? tombstone : put.revision };
}

function timeSteps(state: State, bounds: Bounds): Step[] {
  const { writers, materialisers, passed, ticks } = state;
  const steps: Step[] = [];
  if (ticks < bounds.ticks) {
    const stale = {
      writers: writers.map((writer) => ({ ...writer, isFresh: false })),
      materialisers: materialisers.map((one) => ({ ...one, isFresh: false })),
    };
    steps.push(['a long time passes', { ...state, ...stale, ticks: ticks + 1, passed: state.watermark, appends: [], puts: [] }]);
  }
  if (state.removed < passed) steps.push([`slots to ${passed} are removed`, { ...state, removed: passed }]);
  if (state.item < 0 && -state.item <= passed) steps.push(['the tombstone is removed', { ...state, item: 0 }]);
  return steps;
}

/** What is lost in this state, for one who starts cold; undefined: nothing. */
export function loss(state: State): string | undefined {
  const { log, item, watermark, removed, broken } = state;
  if (broken !== undefined) return broken;
  if (removed > watermark) return `slot ${watermark + 1} is removed, but above the watermark`;
  if (watermark === 0 || Math.abs(item) > watermark) return undefined;
  const isRight = log[watermark - 1]!.deletes ? item === -watermark || item === 0 : item === watermark;
  return isRight ? undefined : `the item is ${item}, the watermark ${watermark}`;
}
