/** Takes secrets out of what leaves a machine in a support bundle. Text goes through `redactText`, objects through `redactObject`. */
/** As a parser of JSON returns it. */
export type Json = string | number | boolean | null | undefined | readonly Json[] | { readonly [key: string]: Json };

const removed = '[removed]';

/** What a secret looks like wherever it stands. */
const patterns: readonly { readonly pattern: RegExp; readonly by: string }[] = [
  { pattern: /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(-----END [A-Z ]*PRIVATE KEY-----|$)/g, by: removed },
  { pattern: /eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]*/g, by: removed },
  { pattern: /k8s-aws-v1\.[\w-]+/g, by: removed },
  { pattern: /\b[a-z0-9]{6}\.[a-z0-9]{16}\b/g, by: removed },
  { pattern: /\b(AKIA|ASIA)[A-Z0-9]{16}\b/g, by: removed },
  { pattern: /\bAGE-SECRET-KEY-1[A-Z0-9]+/g, by: removed },
  { pattern: /((?:authorization|proxy-authorization|cookie)["']?\s*[:=]\s*["']?)(?:(?:bearer|basic)\s+)?[^\s"',}]+/gi, by: `$1${removed}` },
  { pattern: /\b((?:bearer|basic)\s+)[\w+/=.~-]{8,}/gi, by: `$1${removed}` },
  { pattern: /(\w+:\/\/)[^\s/:@]+:[^\s/@]+@/g, by: `$1${removed}@` },
  {
    pattern: /((?:password|passwd|secret|token|api[-_]?key|access[-_]?key|credential)[\w-]*["']?\s*[:=]\s*["']?)[^\s"',}{[]{3,}/gi,
    by: `$1${removed}`,
  },
];

export const redactText = (text: string): string => patterns.reduce((rest, { pattern, by }) => rest.replaceAll(pattern, by), text);

/** Values of these fields may be anything: names stay, values go. */
const opaque = new Set([
  'data',
  'stringData',
  'binaryData',
  'env',
  'args',
  'command',
  'httpHeaders',
  'caBundle',
  'annotations',
  'parameters',
]);

function emptied(value: Json): Json {
  if (Array.isArray(value)) return value.map((item) => (typeof item === 'object' && item !== null ? emptied(item) : removed));
  if (typeof value !== 'object' || value === null) return removed;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      key,
      key === 'name' ? item : typeof item === 'object' && item !== null ? emptied(item) : removed,
    ]),
  );
}

/** The object without the values that its author may have put secrets into. */
export function redactObject(value: Json): Json {
  if (typeof value === 'string') return redactText(value);
  if (Array.isArray(value)) return value.map(redactObject);
  if (typeof value !== 'object' || value === null) return value;
  const fields = Object.entries(value as Readonly<Record<string, Json>>).filter(([key]) => key !== 'managedFields');
  return Object.fromEntries(fields.map(([key, item]) => [key, opaque.has(key) ? emptied(item) : redactObject(item)]));
}
