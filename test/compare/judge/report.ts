/** The figures of a run, as a table for people and as JSON for programs, and examples of what differs. */
import { type Sort, sorts } from './differences.ts';
import type { CaseOutcome, StepOutcome } from './run-case.ts';

export interface KindFigures {
  total: number;
  equal: number;
}

export interface Figures {
  readonly total: number;
  readonly equal: number;
  readonly serverErrors: number;
  readonly byKind: Readonly<Record<string, KindFigures>>;
}

export function figuresOf(outcomes: readonly CaseOutcome[]): Figures {
  const byKind: Record<string, KindFigures> = {};
  for (const { case: tried, unequal } of outcomes) {
    const figures = (byKind[tried.kind] ??= { total: 0, equal: 0 });
    figures.total += 1;
    if (unequal.length === 0) figures.equal += 1;
  }
  const equal = outcomes.filter(({ unequal }) => unequal.length === 0).length;
  return { total: outcomes.length, equal, serverErrors: outcomes.filter(({ isServerError }) => isServerError).length, byKind };
}

const percent = (equal: number, total: number): string => (total === 0 ? '' : ((100 * equal) / total).toFixed(1));

const sortsOf = ({ unequal }: CaseOutcome): ReadonlySet<Sort> =>
  new Set(unequal.flatMap(({ differences }) => differences.map(({ sort }) => sort)));

export function tableOf(outcomes: readonly CaseOutcome[], figures: Figures): string {
  const heads = ['kind', 'cases', 'equal', '%', ...sorts];
  const counts = (chosen: readonly CaseOutcome[]): string[] =>
    sorts.map((sort) => String(chosen.filter((outcome) => sortsOf(outcome).has(sort)).length));
  const rows = Object.entries(figures.byKind).map(([kind, { total, equal }]) => [
    kind,
    String(total),
    String(equal),
    percent(equal, total),
    ...counts(outcomes.filter((outcome) => outcome.case.kind === kind)),
  ]);
  const all = ['all', String(figures.total), String(figures.equal), percent(figures.equal, figures.total), ...counts(outcomes)];
  const lines = [heads, ...rows, all];
  const widths = heads.map((_head, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  const padded = (text: string, column: number): string =>
    column === 0 ? text.padEnd(widths[column] ?? 0) : text.padStart(widths[column] ?? 0);
  return lines.map((line) => line.map(padded).join('  ').trimEnd()).join('\n');
}

export interface Wanted {
  readonly count: number;
  readonly sort?: string | undefined;
}

const indented = (text: string): string => text.replaceAll('\n', '\n      ');

const stepText = ({ request, differences }: StepOutcome): string =>
  [`    ${request}`, ...differences.map(({ sort, text }) => `      ${sort}: ${indented(text)}`)].join('\n');

/** Upstream's part of a difference stands before the arrow. */
export function examplesOf(outcomes: readonly CaseOutcome[], { count, sort }: Wanted): string {
  const wanted = outcomes.filter((outcome) => outcome.unequal.length > 0 && (sort === undefined || sortsOf(outcome).has(sort as Sort)));
  return wanted
    .slice(0, count)
    .map(({ case: tried, unequal }) => [`${tried.name}: ${tried.about}`, ...unequal.slice(0, 2).map(stepText)].join('\n'))
    .join('\n');
}
