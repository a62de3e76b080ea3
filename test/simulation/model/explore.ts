/** All states of the model, nearest first. */
import { firstState, loss, nextStates, type Bounds, type Rules, type State } from './model.ts';

export interface Exploration {
  readonly states: number;
  readonly loss: string | undefined;
  /** The shortest way to the loss. */
  readonly way: readonly string[];
}

interface Found {
  readonly state: State;
  readonly step: string;
  readonly before: Found | undefined;
}

const statesMax = 3_000_000;

export function explore(rules: Rules, bounds: Bounds): Exploration {
  const known = new Set<string>();
  const unknownAfter = (before: Found): Found[] => {
    const found = nextStates(before.state, rules, bounds).map(([step, state]) => ({ state, step, before }));
    return found.filter(({ state }) => known.size < known.add(textOf(state)).size);
  };
  let level: Found[] = [{ state: firstState(bounds), step: 'start', before: undefined }];
  while (level.length > 0) {
    const next: Found[] = [];
    for (const found of level) {
      const lost = loss(found.state);
      if (lost !== undefined) return { states: known.size, loss: lost, way: wayTo(found) };
      next.push(...unknownAfter(found));
    }
    if (known.size > statesMax) throw new Error(`more than ${statesMax} states: smaller bounds are needed`);
    level = next;
  }
  return { states: known.size, loss: undefined, way: [] };
}

/** What makes a difference from now on. The materialisers are alike: which of them is which does not matter. */
function textOf(state: State): string {
  const { log, removed, item, watermark, passed, ticks, writers, appends, broken } = state;
  const both = [materialisersText(state, [0, 1]), materialisersText(state, [1, 0])].toSorted();
  const short = [
    log.map(({ operation, deletes }) => `${operation}${deletes ? '-' : '+'}`),
    [removed, item, watermark, passed, ticks, broken],
    writers.map(({ head, isFresh, operationsLeft, slot, entry }) =>
      operationsLeft === 0 ? '' : `${head}${isFresh}${operationsLeft},${slot}${entry?.deletes}`,
    ),
    appends.map(({ slot, entry }) => `${slot},${entry.operation}${entry.deletes ? '-' : '+'}`).toSorted(),
    [both[0]],
  ];
  return short.map((part) => part.join(' ')).join('|');
}

function materialisersText({ materialisers, puts }: State, order: readonly number[]): string {
  const own = order.map((index) => {
    const { step, from, to, isFresh } = materialisers[index]!;
    return `${step},${from},${to}${step !== 'idle' && isFresh}`;
  });
  // Who put it matters only to one that waits for it.
  const underWay = puts.map(({ revision, by, isIn }) => {
    const isAwaited = materialisers[by]!.step === 'has put' && materialisers[by]!.to === revision;
    return `${revision},${isAwaited ? `${order.indexOf(by)}${isIn}` : ''}`;
  });
  return `${own.join(' ')};${underWay.toSorted().join(' ')}`;
}

function wayTo(found: Found): string[] {
  const way: string[] = [];
  for (let at: Found | undefined = found; at !== undefined; at = at.before) way.unshift(at.step);
  return way;
}
