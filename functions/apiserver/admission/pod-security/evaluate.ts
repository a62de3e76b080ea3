/** Holds a pod to one version of one level. Source: pod-security-admission, policy/registry.go. */
import { baselineChecks } from './baseline-checks.ts';
import type { Check, PodShape, Revision, Violation } from './check.ts';
import type { LevelVersion } from './policy.ts';
import { restrictedChecks } from './restricted-checks.ts';

export function violationsOf({ level, minor }: LevelVersion, pod: PodShape): readonly Violation[] {
  if (level === 'privileged') return [];
  return revisionsOf(level, minor).flatMap(({ check }) => check(pod) ?? []);
}

/** Later versions are held to what is known now, which is the newest revision of each check. */
function revisionsOf(level: LevelVersion['level'], minor: number): readonly Revision[] {
  const baseline = inForce(baselineChecks, minor);
  if (level === 'baseline') return baseline.map(([, revision]) => revision);
  const restricted = inForce(restrictedChecks, minor).map(([, revision]) => revision);
  const overridden = new Set(restricted.map(({ overrides }) => overrides));
  return [...baseline.flatMap(([id, revision]) => (overridden.has(id) ? [] : [revision])), ...restricted];
}

const inForce = (checks: readonly Check[], minor: number): readonly (readonly [string, Revision])[] =>
  checks.flatMap(({ id, revisions }) => {
    const revision = revisions.findLast(({ sinceMinor }) => sinceMinor <= minor);
    return revision === undefined ? [] : [[id, revision] as const];
  });

export const reasonsText = (violations: readonly Violation[]): string => violations.map(({ reason }) => reason).join(', ');

export const detailsText = (violations: readonly Violation[]): string =>
  violations.map(({ reason, detail }) => (detail === '' ? reason : `${reason} (${detail})`)).join(', ');
