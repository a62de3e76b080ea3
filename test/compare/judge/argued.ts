/** Differences that are wanted, each with its reason. They count as unequal all the same; there may be few of them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CaseOutcome } from './run-case.ts';

interface Argument {
  /** A kind's name, or `*`. */
  readonly kind: string;
  readonly sort: string;
  /** Found in the difference's text. */
  readonly pattern: string;
  readonly reason: string;
}

export const arguedShareMax = 0.005;

const file = join(import.meta.dirname, '..', 'argued.json');

export function createArguments(): (outcome: CaseOutcome) => boolean {
  const known = (JSON.parse(readFileSync(file, 'utf8')) as readonly Argument[]).map((argument) => ({
    ...argument,
    pattern: new RegExp(argument.pattern),
  }));
  return ({ case: { kind }, unequal }) =>
    unequal.length > 0 &&
    unequal
      .flatMap(({ differences }) => differences)
      .every(({ sort, text }) =>
        known.some(
          (argument) => (argument.kind === '*' || argument.kind === kind) && argument.sort === sort && argument.pattern.test(text),
        ),
      );
}
