/** Times as the API writes them. Source: apimachinery, pkg/apis/meta/v1/time.go and micro_time.go. */

/** RFC 3339 in UTC, whole seconds: what `metav1.Time` prints. */
export const timestamp = (ms: number): string => `${new Date(Math.floor(ms / 1000) * 1000).toISOString().slice(0, 19)}Z`;

/** RFC 3339 in UTC with microseconds: what `metav1.MicroTime` prints. */
export const microTimestamp = (ms: number): string => {
  const wholeMs = Math.floor(ms);
  const micros = Math.floor((ms - wholeMs) * 1000);
  return `${new Date(wholeMs).toISOString().slice(0, 23)}${String(micros).padStart(3, '0')}Z`;
};

type Range = readonly [name: string, min: number, max: number];
type Element = readonly [pattern: RegExp, name: string, range?: Range];

/** An hour may have one digit. */
const untilSeconds: readonly Element[] = [
  [/^\d{4}/, '2006'],
  [/^-/, '-'],
  [/^\d{2}/, '01', ['month', 1, 12]],
  [/^-/, '-'],
  [/^\d{2}/, '02'],
  [/^T/, 'T'],
  [/^\d{1,2}/, '15', ['hour', 0, 23]],
  [/^:/, ':'],
  [/^\d{2}/, '04', ['minute', 0, 59]],
  [/^:/, ':'],
  [/^\d{2}/, '05', ['second', 0, 59]],
];
const zone: Element = [/^(?:Z|[+-]\d{2}:\d{2})/, 'Z07:00', ['time zone offset hour', -24, 24]];

/** What Go's time.Parse takes. Source: Go, time/format.go, parse. */
interface Layout {
  readonly text: string;
  readonly elements: readonly Element[];
}

/** Takes a fraction that it does not name. */
const wholeSeconds: Layout = { text: '2006-01-02T15:04:05Z07:00', elements: [...untilSeconds, [/^(?:[.,]\d+)?/, ''], zone] };
const microseconds: Layout = { text: '2006-01-02T15:04:05.000000Z07:00', elements: [...untilSeconds, [/^\.\d{6}/, '.000000'], zone] };

/** The bytes of what is not plain text stand as numbers. Source: Go, time/format.go, quote. */
function timeQuoted(text: string): string {
  const escaped = text.replaceAll(/[^ -\u007F]|["\\]/gu, (found) =>
    found === '"' || found === '\\'
      ? `\\${found}`
      : Buffer.from(found)
          .toString('hex')
          .replaceAll(/../g, String.raw`\x$&`),
  );
  return `"${escaped}"`;
}

/** Throws Go's error when the text does not have the layout. */
function check(text: string, layout: Layout): void {
  const quoted = timeQuoted(text);
  let rest = text;
  for (const [pattern, name, [part, min, max] = ['', 0, 0]] of layout.elements) {
    const [found] = pattern.exec(rest) ?? [];
    if (found === undefined) throw new Error(`parsing time ${quoted} as "${layout.text}": cannot parse ${timeQuoted(rest)} as "${name}"`);
    const number = Number.parseInt(found, 10);
    if (part !== '' && (number < min || number > max)) throw new Error(`parsing time ${quoted}: ${part} out of range`);
    rest = rest.slice(found.length);
  }
  if (rest !== '') throw new Error(`parsing time ${quoted}: extra text: ${timeQuoted(rest)}`);
}

const rfc3339 = /^(\d{4}-\d{2}-\d{2})T(\d{1,2})(:\d{2}:\d{2})(?:[.,](\d+))?(Z|[+-]\d{2}:\d{2})$/;

function parsed(text: string, layout: Layout): { readonly secondsMs: number; readonly fraction: string } {
  const [, day = '', hour = '', minutes = '', fraction = '0', offset = ''] = rfc3339.exec(text) ?? [];
  const secondsMs = Date.parse(`${day}T${hour.padStart(2, '0')}${minutes}${offset}`);
  // Date.parse rolls 31 February over into March, and takes 24:00; Go refuses both.
  if (Number.isNaN(secondsMs) || hour === '24' || layout === microseconds) check(text, layout);
  if (Number.isNaN(secondsMs) || dayOf(day) !== day) throw new Error(`parsing time ${JSON.stringify(text)}: day out of range`);
  return { secondsMs, fraction };
}

function dayOf(day: string): string | undefined {
  const ms = Date.parse(`${day}T00:00:00Z`);
  return Number.isNaN(ms) ? undefined : new Date(ms).toISOString().slice(0, 10);
}

/** Milliseconds since the epoch; microseconds survive as a fraction. Throws when the text is no RFC 3339 time. */
export function parseTime(text: string): number {
  const { secondsMs, fraction } = parsed(text, wholeSeconds);
  return secondsMs + Number(`0.${fraction}`) * 1000;
}

/** The text in UTC, as `metav1.MicroTime` prints it. Throws when a second has not exactly six digits after its point. */
export function canonicalMicroTime(text: string): string {
  const { secondsMs, fraction } = parsed(text, microseconds);
  return `${timestamp(secondsMs).slice(0, -1)}.${fraction}Z`;
}
