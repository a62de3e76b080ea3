/** All states of the model, nearest first. */
import { firstState, loss, nextStates, type Bounds, type Entry, type Rules, type State } from './model.ts';

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
      const lost = loss(found.state, rules);
      if (lost !== undefined) return { states: known.size, loss: lost, way: wayTo(found) };
      next.push(...unknownAfter(found));
    }
    if (known.size > statesMax) throw new Error(`more than ${statesMax} states: smaller bounds are needed`);
    level = next;
  }
  return { states: known.size, loss: undefined, way: [] };
}

/** What makes a difference from now on. Writers are alike, and so are materialisers: which of them is which does not matter. */
function textOf(state: State): string {
  const { removed, item, isItemOld, watermark, passed, oldSlots, ticks, broken } = state;
  const table = `${removed} ${item}${isItemOld ? 'o' : ''} ${watermark} ${passed} ${oldSlots} ${ticks} ${broken ?? ''}`;
  return `${table}|${smaller(writersText(state, '12'), writersText(state, '21'))}|${smaller(materialisersText(state, [0, 1]), materialisersText(state, [1, 0]))}`;
}

const smaller = (a: string, b: string): string => (a < b ? a : b);

function writersText({ log, writers, appends, passed }: State, order: '12' | '21'): string {
  const entryText = ({ operation, deletes }: Entry): string => `${order === '12' ? operation : swapped(operation)}${deletes ? '-' : '+'}`;
  const own = [writers[Number(order[0]) - 1]!, writers[Number(order[1]) - 1]!].map(({ head, isFresh, operationsLeft, slot, entry }) =>
    operationsLeft === 0 ? '' : `${head}${isFresh ? 'f' : ''}${operationsLeft},${slot}${entry === undefined ? '' : entryText(entry)}`,
  );
  // A place that is taken stays so until slots are removed that the watermark has passed.
  const underWay = appends
    .filter(({ slot }) => slot > log.length || slot <= passed)
    .map(({ slot, entry }) => `${slot},${entryText(entry)}`);
  return `${log.map(entryText).join('')};${own.join(' ')};${underWay.toSorted().join(' ')}`;
}

const swapped = (operation: string): string => `${operation.startsWith('1') ? 2 : 1}${operation.slice(1)}`;

function materialisersText({ materialisers, puts }: State, order: readonly number[]): string {
  const own = order.map((index) => {
    const { step, from, to, isFresh } = materialisers[index]!;
    return `${step},${from},${to}${step !== 'idle' && isFresh ? 'f' : ''}`;
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
