/**
 * The order of the versions of a group: stable before beta before alpha, newer before older, other names last.
 * Source: apimachinery, pkg/version/helpers.go, CompareKubeAwareVersionStrings.
 */
const pattern = /^v(\d+)(?:(alpha|beta)(\d+))?$/;
const stability: Readonly<Record<string, number>> = { alpha: 0, beta: 1, stable: 2 };

/** Negative when `a` comes first. */
export function compareApiVersions(a: string, b: string): number {
  const [rankA, rankB] = [rankOf(a), rankOf(b)];
  if (rankA === undefined || rankB === undefined) {
    if (rankA === undefined && rankB === undefined) return a < b ? -1 : a > b ? 1 : 0;
    return rankA === undefined ? 1 : -1;
  }
  const difference = rankA.map((part, index) => (rankB[index] ?? 0) - part).find((part) => part !== 0);
  return difference ?? 0;
}

function rankOf(version: string): readonly number[] | undefined {
  const match = pattern.exec(version);
  if (match === null) return undefined;
  const [, major, level = 'stable', minor = '0'] = match;
  return [stability[level] ?? 0, Number(major), Number(minor)];
}
