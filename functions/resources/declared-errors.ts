/**
 * The order of errors where upstream's API declares some of the rules: what code finds comes first, then what is declared,
 * as a walk through the type meets it. Source: apiserver, pkg/registry/rest/validate.go, ValidateDeclarativelyWithMigrationChecks.
 */
import type { FieldError } from '../kube/field-error.ts';

/** `spec.devices.requests[*].name`, or with the reason of the errors that are declared: `FieldValueInvalid metadata.name`. */
interface Pattern {
  readonly reason: string | undefined;
  readonly steps: readonly string[];
}

const patterns = new WeakMap<readonly string[], readonly Pattern[]>();

function patternsOf(declared: readonly string[]): readonly Pattern[] {
  const known = patterns.get(declared);
  if (known !== undefined) return known;
  const made = declared.map((text): Pattern => {
    const [path = '', reason] = text.split(' ').reverse();
    return { reason, steps: stepsOf(path) };
  });
  patterns.set(declared, made);
  return made;
}

const stepsOf = (path: string): string[] => path.match(/\[[^\][]*\]|[^.[\]]+/g) ?? [];

const matchesSteps = (pattern: readonly string[], steps: readonly string[]): boolean =>
  pattern.length === steps.length &&
  pattern.every((step, index) => step === steps[index] || (step === '[*]' && steps[index]?.startsWith('[')));

/** Where a walk meets the field: the place of each step among its neighbours. */
function placesOf(steps: readonly string[], all: readonly Pattern[]): number[] {
  let within = all.map((pattern, rank) => ({ ...pattern, rank }));
  return steps.map((step, depth) => {
    within = within.filter((pattern) => matchesSteps(pattern.steps.slice(depth, depth + 1), [step]));
    const index = /^\[(\d+)\]$/.exec(step)?.[1];
    return index === undefined ? (within[0]?.rank ?? 0) : Number(index);
  });
}

function comparePlaces(a: readonly number[], b: readonly number[]): number {
  const at = a.findIndex((place, index) => place !== b[index]);
  return at === -1 ? a.length - b.length : (a[at] ?? 0) - (b[at] ?? -1);
}

/** The errors of fields that are not declared as they are, then the others. */
export function declaredLast(errors: readonly FieldError[], declared: readonly string[] | undefined): FieldError[] {
  if (declared === undefined || errors.length < 2) return [...errors];
  const all = patternsOf(declared);
  const isDeclared = ({ field, type }: FieldError): boolean => {
    const steps = stepsOf(field);
    return all.some((pattern) => (pattern.reason ?? type) === type && matchesSteps(pattern.steps, steps));
  };
  const placed = errors.filter(isDeclared).map((error) => ({ error, places: placesOf(stepsOf(error.field), all) }));
  placed.sort((a, b) => comparePlaces(a.places, b.places));
  return [...errors.filter((error) => !isDeclared(error)), ...placed.map(({ error }) => error)];
}
