/** Which tests pass against upstream's server, and which of those do not against ours. */
import type { TestResult } from '../conformance/results.ts';

export interface Verdict {
  /** How many pass against upstream's. */
  readonly asked: number;
  readonly lost: readonly LostTest[];
}

export interface LostTest {
  readonly name: string;
  /** Why it failed; that it did not run at all, otherwise. */
  readonly reason: string;
}

/** Tests of one table may share a name: each gets a number of its own. */
function numbered(results: readonly TestResult[]): ReadonlyMap<string, TestResult> {
  const counts = new Map<string, number>();
  return new Map(
    results.map((result) => {
      const count = (counts.get(result.name) ?? 0) + 1;
      counts.set(result.name, count);
      return [count === 1 ? result.name : `${result.name} #${count}`, result];
    }),
  );
}

const passedIn = (results: readonly TestResult[]): readonly string[] =>
  [...numbered(results)].flatMap(([name, { outcome }]) => (outcome === 'passed' ? [name] : []));

/** Throws where no test passes against upstream's: nothing would be asked of ours. */
export function requirePassing(name: string, upstream: readonly TestResult[]): void {
  if (passedIn(upstream).length === 0) throw new Error(`${name}: none of ${upstream.length} tests passes against upstream's server`);
}

/** A test is lost when it passes in none of `attempts`. */
export function verdictOf(upstream: readonly TestResult[], attempts: readonly (readonly TestResult[])[]): Verdict {
  const asked = passedIn(upstream);
  const passed = new Set(attempts.flatMap(passedIn));
  const last = numbered(attempts.at(-1) ?? []);
  const reasonOf = (name: string): string => last.get(name)?.reason ?? 'it did not run';
  return { asked: asked.length, lost: asked.filter((name) => !passed.has(name)).map((name) => ({ name, reason: reasonOf(name) })) };
}
