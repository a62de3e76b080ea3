/** Equality of JSON values: the order of fields does not count, and a field that is undefined equals an absent one. */
export function deepEqual(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) || Array.isArray(b)) return Array.isArray(a) && Array.isArray(b) && equalLists(a, b);
  return equalFields(a as Record<string, unknown>, b as Record<string, unknown>);
}

function equalLists(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((item, index) => deepEqual(item, b[index]));
}

function equalFields(a: Readonly<Record<string, unknown>>, b: Readonly<Record<string, unknown>>): boolean {
  let shared = 0;
  for (const [field, value] of Object.entries(a)) {
    if (value === undefined) continue;
    if (!Object.hasOwn(b, field) || !deepEqual(value, b[field])) return false;
    shared += 1;
  }
  return Object.values(b).filter((value) => value !== undefined).length === shared;
}

const isNone = (value: unknown): boolean => value === undefined || value === null || (Array.isArray(value) && value.length === 0);

/**
 * The same, but a list without items equals null and an absent field, since Go stores them alike. For kinds that have a Go
 * type. Source: apimachinery, pkg/api/equality, Semantic.DeepEqual.
 */
export function semanticallyEqual(a: unknown, b: unknown, isAbsent: (value: unknown) => boolean = isNone): boolean {
  if (a === b || (isAbsent(a) && isAbsent(b))) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  const isSame = (left: unknown, right: unknown): boolean => semanticallyEqual(left, right, isAbsent);
  if (Array.isArray(a) || Array.isArray(b))
    return Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((item, index) => isSame(item, b[index]));
  const [left, right] = [a as Readonly<Record<string, unknown>>, b as Readonly<Record<string, unknown>>];
  return Object.keys({ ...left, ...right }).every((field) => isSame(left[field], right[field]));
}
