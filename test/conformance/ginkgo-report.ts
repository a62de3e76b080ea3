/** What Ginkgo's own report in JSON holds of each test. */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import type { TestResult } from './results.ts';

/** The parts that are read. */
interface SpecReport {
  readonly ContainerHierarchyTexts?: readonly string[];
  readonly LeafNodeType: string;
  readonly LeafNodeText: string;
  readonly State: string;
  /** How long the test ran, in nanoseconds. */
  readonly RunTime: number;
  readonly Failure?: { readonly Message?: string; readonly ForwardedPanic?: string };
}

export const fullName = ({ ContainerHierarchyTexts, LeafNodeText }: SpecReport): string =>
  [...(ContainerHierarchyTexts ?? []), LeafNodeText].filter(Boolean).join(' ');

/** Reads a report and removes it: it names all 7,000 tests of the conformance suite. */
export function specsOf(report: string): readonly SpecReport[] {
  if (!existsSync(report)) return [];
  const suites = JSON.parse(readFileSync(report, 'utf8')) as readonly { readonly SpecReports: readonly SpecReport[] | null }[];
  rmSync(report);
  return suites.flatMap(({ SpecReports }) => SpecReports ?? []).filter(({ LeafNodeType }) => LeafNodeType === 'It');
}

const failed = new Set(['failed', 'panicked', 'timedout', 'interrupted']);

/** Ginkgo reports specs that were not selected as "skipped" too, but without a reason. */
export function resultOf(spec: SpecReport): readonly TestResult[] {
  const { State, RunTime, Failure } = spec;
  const reason = [Failure?.Message, Failure?.ForwardedPanic].filter(Boolean).join(' ');
  const result = { name: fullName(spec), seconds: RunTime / 1e9, reason };
  if (State === 'passed') return [{ ...result, outcome: 'passed' }];
  if (failed.has(State)) return [{ ...result, outcome: 'failed' }];
  return State === 'skipped' && reason !== '' ? [{ ...result, outcome: 'skipped' }] : [];
}
