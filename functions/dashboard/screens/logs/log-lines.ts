/** Lines of many containers, in the order of their times. Pure. */

export interface LogLine {
  /** `pod/container`. */
  readonly from: string;
  /** As the node wrote it: texts of equal form, which order as times do. */
  readonly time: string;
  readonly text: string;
}

const linesMax = 20_000;
// oxlint-disable-next-line no-control-regex -- terminals' colours are such characters.
const escapes = /\u001b\[[0-9;?]*[A-Za-z]|\u001b\][^\u0007]*\u0007|[\u0000-\u0008\u000b-\u001f\u007f]/g;

/** A line of a log without the colours of a terminal. */
export function lineOf(from: string, raw: string): LogLine {
  const space = raw.indexOf(' ');
  const [time, text] = space < 0 ? [raw, ''] : [raw.slice(0, space), raw.slice(space + 1)];
  return { from, time, text: text.replaceAll(escapes, '') };
}

/** Whether a line of a following request is newer than the last one shown. */
export const isNewer = (line: LogLine, last: LogLine | undefined): boolean => last === undefined || line.time > last.time;

/** The newest lines of both. Lines that come nearly in order cost little. */
export function merged(before: readonly LogLine[], more: readonly LogLine[]): readonly LogLine[] {
  const last = before.at(-1);
  const added = more.toSorted((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0));
  const [first] = added;
  const all = [...before, ...added];
  if (last !== undefined && first !== undefined && first.time < last.time)
    all.sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0));
  return all.length <= linesMax ? all : all.slice(-linesMax);
}

export function found(lines: readonly LogLine[], search: string): readonly LogLine[] {
  const wanted = search.toLowerCase();
  return wanted === '' ? lines : lines.filter(({ text, from }) => text.toLowerCase().includes(wanted) || from.includes(wanted));
}
