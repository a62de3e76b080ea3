/** Times as the API writes them. Source: apimachinery, pkg/apis/meta/v1/time.go and micro_time.go. */

/** RFC 3339 in UTC, whole seconds: what `metav1.Time` prints. */
export const timestamp = (ms: number): string => `${new Date(Math.floor(ms / 1000) * 1000).toISOString().slice(0, 19)}Z`;

/** RFC 3339 in UTC with microseconds: what `metav1.MicroTime` prints. */
export const microTimestamp = (ms: number): string => {
  const wholeMs = Math.floor(ms);
  const micros = Math.floor((ms - wholeMs) * 1000);
  return `${new Date(wholeMs).toISOString().slice(0, 23)}${String(micros).padStart(3, '0')}Z`;
};

const rfc3339 = /^(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2}:\d{2})(?:[.,](\d+))?(Z|[+-]\d{2}:\d{2})$/;

/** Milliseconds since the epoch; microseconds survive as a fraction. Throws when the text is no RFC 3339 time. */
export function parseTime(text: string): number {
  const match = rfc3339.exec(text);
  const seconds = match === null ? Number.NaN : Date.parse(`${match[1]}T${match[2]}${match[4]}`);
  // Date.parse rolls 31 February over into March; Go refuses it.
  if (match === null || Number.isNaN(seconds) || dayOf(match[1] ?? '') !== match[1]) throw new Error(goTimeError(text));
  return seconds + Number(`0.${match[3] ?? '0'}`) * 1000;
}

function dayOf(day: string): string | undefined {
  const ms = Date.parse(`${day}T00:00:00Z`);
  return Number.isNaN(ms) ? undefined : new Date(ms).toISOString().slice(0, 10);
}

/** What Go's time.Parse says, for the layout that is usually meant. */
function goTimeError(text: string): string {
  const quoted = JSON.stringify(text);
  const layout = '2006-01-02T15:04:05Z07:00';
  const steps: readonly [RegExp, string][] = [
    [/^\d{4}/, '2006'],
    [/^-/, '-'],
    [/^\d{2}/, '01'],
    [/^-/, '-'],
    [/^\d{2}/, '02'],
    [/^T/, 'T'],
    [/^\d{2}/, '15'],
    [/^:/, ':'],
    [/^\d{2}/, '04'],
    [/^:/, ':'],
    [/^\d{2}/, '05'],
    [/^(?:[.,]\d+)?(?:Z|[+-]\d{2}:\d{2})/, 'Z07:00'],
  ];
  let rest = text;
  for (const [pattern, element] of steps) {
    const match = pattern.exec(rest);
    if (match === null) return `parsing time ${quoted} as "${layout}": cannot parse ${JSON.stringify(rest)} as "${element}"`;
    rest = rest.slice(match[0].length);
  }
  return rest === '' ? `parsing time ${quoted}: day out of range` : `parsing time ${quoted}: extra text: ${JSON.stringify(rest)}`;
}
