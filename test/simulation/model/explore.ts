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

/** What makes a difference from now on. Writers are alike, and so are checkpointers: which of them is which does not matter. */
function textOf(state: State): string {
  const { removed, item, isItemOld, watermark, passed, oldEntries, ticks, broken } = state;
  const table = `${removed} ${item}${isItemOld ? 'o' : ''} ${watermark} ${passed} ${oldEntries} ${ticks} ${broken ?? ''}`;
  return `${table}|${smaller(writersText(state, '12'), writersText(state, '21'))}|${smaller(checkpointersText(state, [0, 1]), checkpointersText(state, [1, 0]))}`;
}

const smaller = (a: string, b: string): string => (a < b ? a : b);

function writersText({ log, writers, appends, passed }: State, order: '12' | '21'): string {
  const entryText = ({ operation, deletes }: Entry): string => `${order === '12' ? operation : swapped(operation)}${deletes ? '-' : '+'}`;
  const own = [writers[Number(order[0]) - 1]!, writers[Number(order[1]) - 1]!].map(({ head, isFresh, operationsLeft, logIndex, entry }) =>
    operationsLeft === 0 ? '' : `${head}${isFresh ? 'f' : ''}${operationsLeft},${logIndex}${entry === undefined ? '' : entryText(entry)}`,
  );
  // A place that is taken stays so until log entries are removed that the watermark has passed.
  const underWay = appends
    .filter(({ logIndex }) => logIndex > log.length || logIndex <= passed)
    .map(({ logIndex, entry }) => `${logIndex},${entryText(entry)}`);
  return `${log.map(entryText).join('')};${own.join(' ')};${underWay.toSorted().join(' ')}`;
}

const swapped = (operation: string): string => `${operation.startsWith('1') ? 2 : 1}${operation.slice(1)}`;

function checkpointersText({ checkpointers, puts }: State, order: readonly number[]): string {
  const own = order.map((index) => {
    const { step, from, to, isFresh } = checkpointers[index]!;
    return `${step},${from},${to}${step !== 'idle' && isFresh ? 'f' : ''}`;
  });
  // Who put it matters only to one that waits for it.
  const underWay = puts.map(({ revision, by, isIn }) => {
    const isAwaited = checkpointers[by]!.step === 'has put' && checkpointers[by]!.to === revision;
    return `${revision},${isAwaited ? `${order.indexOf(by)}${isIn}` : ''}`;
  });
  return `${own.join(' ')};${underWay.toSorted().join(' ')}`;
}

function wayTo(found: Found): string[] {
  const way: string[] = [];
  for (let at: Found | undefined = found; at !== undefined; at = at.before) way.unshift(at.step);
  return way;
}
