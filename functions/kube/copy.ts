/** A deep copy of anything JSON can carry. The copy is never frozen; fields that are undefined are left out. */
import { setOwn } from './own-field.ts';

export const copy = <T>(value: T): T => copyValue(value) as T;

function copyValue(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(copyValue);
  const result: Record<string, unknown> = {};
  for (const [field, part] of Object.entries(value)) {
    if (part !== undefined) setOwn(result, field, copyValue(part));
  }
  return result;
}
