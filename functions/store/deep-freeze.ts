/** Freezes a JSON value and all it holds. */
export function deepFreeze<T>(value: T): T {
  freeze(value);
  return value;
}

function freeze(value: unknown): void {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return;
  Object.freeze(value);
  // Parsed JSON has no inherited fields, and this loop runs for every object that is stored.
  // oxlint-disable-next-line guard-for-in
  for (const field in value) freeze((value as Record<string, unknown>)[field]);
}
