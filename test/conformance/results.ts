/** What became of each test, counted by SIG, and compared with the tests that are known to pass. */

export interface TestResult {
  /** In full, as Ginkgo joins it: `[sig-node] Pods should be updated [NodeConformance] [Conformance]`. */
  readonly name: string;
  /** Skipped: the test itself found that it does not apply to this cluster; it does not count as run. */
  readonly outcome: 'passed' | 'failed' | 'skipped';
  readonly seconds: number;
  /** Why it failed or was skipped. */
  readonly reason: string;
}

interface Count {
  readonly passed: number;
  readonly run: number;
}

export interface Summary extends Count {
  readonly bySig: Readonly<Record<string, Count>>;
}

export const sigOf = (name: string): string => /^\[(sig-[a-z-]+)\]/.exec(name)?.[1] ?? 'other';

function count(results: readonly TestResult[]): Count {
  const run = results.filter(({ outcome }) => outcome !== 'skipped');
  return { passed: run.filter(({ outcome }) => outcome === 'passed').length, run: run.length };
}

export function summaryOf(results: readonly TestResult[]): Summary {
  const bySig = Map.groupBy(results, ({ name }) => sigOf(name));
  const counts = [...bySig].map(([sig, own]) => [sig, count(own)] as const).sort(([a], [b]) => (a < b ? -1 : 1));
  return { ...count(results), bySig: Object.fromEntries(counts.filter(([, { run }]) => run > 0)) };
}

export function tableOf({ passed, run, bySig }: Summary): string {
  const rows = [...Object.entries(bySig), ['all', { passed, run }] as const];
  return rows.map(([sig, own]) => `${sig.padEnd(22)} ${String(own.passed).padStart(4)} of ${own.run}\n`).join('');
}

/** Tests that are listed as passing and did not pass now. A listed test that was not asked for is not lost. */
export function listedFailures(results: readonly TestResult[], listed: ReadonlySet<string>): readonly string[] {
  return results.filter(({ name, outcome }) => outcome === 'failed' && listed.has(name)).map(({ name }) => name);
}

/** The list with what passes now. It never shrinks: a test leaves it by hand. */
export function grownList(listed: ReadonlySet<string>, results: readonly TestResult[]): readonly string[] {
  const passed = results.filter(({ outcome }) => outcome === 'passed').map(({ name }) => name);
  return [...new Set([...listed, ...passed])].sort();
}

const reasonCharacters = 400;

/** One line a failure, the longest first: those that time out cost the most. */
export function failureLines(results: readonly TestResult[]): readonly string[] {
  return results
    .filter(({ outcome }) => outcome === 'failed')
    .sort((a, b) => b.seconds - a.seconds)
    .map(({ name, seconds, reason }) => {
      const line = reason.replaceAll(/\s+/g, ' ').trim();
      return `${seconds.toFixed(0).padStart(5)} s  ${name}: ${line.slice(0, reasonCharacters)}`;
    });
}
