/** Indexes of an indexed job as text: `0,2-5`. Source: pkg/apis/batch/validation/validation.go, validateIndexesFormat. */

export interface Interval {
  readonly first: number;
  readonly last: number;
}

/** What is wrong with the text is the answer, where it is a text. */
export function parseIndexes(text: string, completions: number): readonly Interval[] | string {
  const intervals: Interval[] = [];
  if (text === '') return intervals;
  for (const part of text.split(',')) {
    const interval = parseInterval(part, completions);
    if (typeof interval === 'string') return interval;
    const previous = intervals.at(-1)?.last;
    if (previous !== undefined && previous >= interval.first) {
      return `non-increasing order, previous: ${previous}, current: ${interval.first}`;
    }
    intervals.push(interval);
  }
  return intervals;
}

function parseInterval(text: string, completions: number): Interval | string {
  const limits = text.split('-');
  if (limits.length > 2) {
    return `the fragment ${JSON.stringify(text)} violates the requirement that an index interval can have at most two parts separated by '-'`;
  }
  const [firstText = '', lastText = firstText] = limits;
  const first = indexOf(firstText, completions);
  if (typeof first === 'string') return first;
  const last = indexOf(lastText, completions);
  if (typeof last === 'string') return last;
  return first >= last && limits.length > 1 ? `non-increasing order, previous: ${first}, current: ${last}` : { first, last };
}

function indexOf(text: string, completions: number): number | string {
  if (!/^[+-]?\d+$/.test(text)) return `cannot convert string to integer for index: ${JSON.stringify(text)}`;
  return Number(text) >= completions ? `too large index: ${JSON.stringify(text)}` : Number(text);
}

/** The first index that both have. */
export function overlapOf(one: readonly Interval[], other: readonly Interval[]): number | undefined {
  for (const { first, last } of one) {
    const meeting = other.find((interval) => first <= interval.last && interval.first <= last);
    if (meeting !== undefined) return Math.max(first, meeting.first);
  }
  return undefined;
}
