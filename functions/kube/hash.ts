/** Short hashes for names: the same template always gets the same one, whatever the order of its fields. */
import { createHash } from 'node:crypto';
import { safeAlphabet } from './names.ts';

/** The `pod-template-hash` of a template. `collisionCount` changes it after two templates got the same hash. */
export function podTemplateHash(template: unknown, collisionCount?: number): string {
  const digest = createHash('sha256').update(JSON.stringify(sorted(template)) ?? '');
  if (collisionCount !== undefined) digest.update(`\n${collisionCount}`);
  return safeEncode(String(digest.digest().readUInt32BE(0)));
}

/** Source: apimachinery, pkg/util/rand/rand.go, SafeEncodeString: no vowels, so no words. */
function safeEncode(text: string): string {
  return Array.from(text, (char) => safeAlphabet[(char.codePointAt(0) ?? 0) % safeAlphabet.length]).join('');
}

/** The value with the fields of every object in order, so that equal templates have equal texts. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const fields = Object.entries(value).filter(([, part]) => part !== undefined);
  return fields.sort(([a], [b]) => (a < b ? -1 : 1)).map(([field, part]) => [field, sorted(part)]);
}
