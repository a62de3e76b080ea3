/** Semantic versions. Source: apiserver, pkg/cel/library/semverlib.go; blang/semver. */
import { type CelValue, Failure } from '../values/value.ts';
import type { CelFunction, Library } from './functions.ts';
import { OpaqueKind } from './opaque.ts';

interface Version {
  readonly numbers: readonly [bigint, bigint, bigint];
  readonly preRelease: readonly string[];
}

const kind = new OpaqueKind<Version>('kubernetes.Semver', (one, other) => order(one, other) === 0n);

const numeric = /^\d+$/u;
const word = /^[0-9A-Za-z-]+$/u;

function parse(text: string): Version | Failure {
  if (text === '') return new Failure('Version string empty');
  const parts = text.split('.');
  if (parts.length < 3) return new Failure('No Major.Minor.Patch elements found');
  const [major = '', minor = ''] = parts;
  const rest = parts.slice(2).join('.');
  const [beforeBuild = '', ...build] = rest.split('+');
  const dash = beforeBuild.indexOf('-');
  const patch = dash === -1 ? beforeBuild : beforeBuild.slice(0, dash);
  const preRelease = dash === -1 ? [] : beforeBuild.slice(dash + 1).split('.');
  for (const [name, number] of Object.entries({ major, minor, patch })) {
    if (!numeric.test(number)) return new Failure(`Invalid character(s) found in ${name} number ${JSON.stringify(number)}`);
    if (/^0\d/u.test(number))
      return new Failure(`${name[0]?.toUpperCase()}${name.slice(1)} number must not contain leading zeroes ${JSON.stringify(number)}`);
  }
  for (const part of preRelease) {
    if (part === '') return new Failure('Prerelease is empty');
    if (!word.test(part)) return new Failure(`Invalid character(s) found in prerelease ${JSON.stringify(part)}`);
    if (/^0\d+$/u.test(part)) return new Failure(`Numeric PreRelease version must not contain leading zeroes ${JSON.stringify(part)}`);
  }
  for (const part of build.join('+').split('.')) {
    if (build.length > 0 && part === '') return new Failure('Build meta data is empty');
    if (part !== '' && !word.test(part)) return new Failure(`Invalid character(s) found in build meta data ${JSON.stringify(part)}`);
  }
  return { numbers: [BigInt(major), BigInt(minor), BigInt(patch)], preRelease };
}

/** Without a `v`, with minor and patch, and without leading zeros. */
function normalized(text: string): string | Failure {
  const plain = text.startsWith('v') ? text.slice(1) : text;
  const [major = '', minor, ...patch] = plain.split('.');
  const parts = [major, ...(minor === undefined ? [] : [minor]), ...(patch.length === 0 ? [] : [patch.join('.')])].map((part) =>
    part.length > 1 ? part.replace(/^0+(?=\d)/u, '') : part,
  );
  if (parts.length < 3 && /[+-]/u.test(parts.at(-1) ?? '')) return new Failure('short version cannot contain PreRelease/Build meta data');
  while (parts.length < 3) parts.push('0');
  return parts.join('.');
}

function compareParts(one: string, other: string): bigint {
  const [left, right] = [numeric.test(one), numeric.test(other)];
  if (left && right) return sign(BigInt(one), BigInt(other));
  if (left !== right) return left ? -1n : 1n;
  return sign(one, other);
}

function sign<Value extends bigint | string>(one: Value, other: Value): bigint {
  if (one === other) return 0n;
  return one < other ? -1n : 1n;
}

function order(one: Version, other: Version): bigint {
  for (const [index, number] of one.numbers.entries()) {
    const found = sign(number, other.numbers[index] ?? 0n);
    if (found !== 0n) return found;
  }
  const [left, right] = [one.preRelease, other.preRelease];
  if (left.length === 0 || right.length === 0)
    return sign(BigInt(right.length), BigInt(left.length)) === 0n ? 0n : left.length === 0 ? 1n : -1n;
  for (const [index, part] of left.entries()) {
    const match = right[index];
    if (match === undefined) return 1n;
    const found = compareParts(part, match);
    if (found !== 0n) return found;
  }
  return left.length < right.length ? -1n : 0n;
}

function read([text, normalize = false]: readonly CelValue[]): Version | Failure | undefined {
  if (typeof text !== 'string' || typeof normalize !== 'boolean') return undefined;
  const plain = normalize ? normalized(text) : text;
  return plain instanceof Failure ? plain : parse(plain);
}

const comparing =
  (run: (order: bigint) => boolean | bigint): CelFunction =>
  ([one, other]) => {
    const [left, right] = [kind.unwrap(one), kind.unwrap(other)];
    return left === undefined || right === undefined ? undefined : run(order(left, right));
  };

const numberAt =
  (index: 0 | 1 | 2): CelFunction =>
  ([version]) =>
    kind.unwrap(version)?.numbers[index];

export const versions: Library = {
  semver: (args) => {
    const version = read(args);
    return version === undefined || version instanceof Failure ? version : kind.wrap(version);
  },
  isSemver: (args) => {
    const version = read(args);
    return version === undefined ? undefined : !(version instanceof Failure);
  },
  major: numberAt(0),
  minor: numberAt(1),
  patch: numberAt(2),
  isGreaterThan: comparing((found) => found > 0n),
  isLessThan: comparing((found) => found < 0n),
  compareTo: comparing((found) => found),
};
