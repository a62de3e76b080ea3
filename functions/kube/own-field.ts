/** Sets a field whose name came from a client: `__proto__` stays an ordinary key (a ConfigMap may have it). */
export function setOwn<T>(target: Record<string, T>, field: string, value: T): void {
  if (field === '__proto__') Object.defineProperty(target, field, { value, enumerable: true, configurable: true, writable: true });
  else target[field] = value;
}

/** The own field, never one that objects inherit. */
export function ownField<T>(source: Readonly<Record<string, T>>, field: string): T | undefined {
  return Object.hasOwn(source, field) ? source[field] : undefined;
}
