/** A test of generated inputs goes through all of them though one fails, and reports how many a fault reaches. */
import { AssertionError } from 'node:assert/strict';

/** How many failures of cases are shown; a class of faults reaches hundreds. */
const shownMax = 20;

/** Throws where a check throws, with the number of cases that failed and the reasons of the first. */
export async function everyCase<T>(cases: Iterable<T>, nameOf: (one: T) => string, check: (one: T) => void | Promise<void>): Promise<void> {
  const failures: string[] = [];
  let count = 0;
  for (const one of cases) {
    count += 1;
    try {
      await check(one);
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      failures.push(`${nameOf(one)}: ${error.message}`);
    }
  }
  if (failures.length === 0) return;
  throw new AssertionError({ message: [failedCases(failures.length, count), ...failures.slice(0, shownMax)].join('\n') });
}

const failedCases = (failed: number, all: number): string => `${failed} of ${all} cases fail`;

/** How many cases a failed test reports: one where its message names no cases. */
export const casesFailed = (message: string): number => Number(/\b(\d+) of \d+ cases fail/.exec(message)?.[1] ?? 1);
