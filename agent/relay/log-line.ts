/** One line of a CRI log file: `2026-11-20T22:51:39.217806213Z stdout F hello`. Pure. Source: pkg/kubelet/kuberuntime/logs/logs.go */
export interface LogLine {
  readonly timestamp: string;
  /** `P`: more of the same line follows in the next one. */
  readonly isPartial: boolean;
  readonly content: Buffer;
}

const space = 0x20;

/** Undefined: not a line of such a file. */
export function parseLogLine(line: Buffer): LogLine | undefined {
  const first = line.indexOf(space);
  const second = line.indexOf(space, first + 1);
  const third = line.indexOf(space, second + 1);
  if (first < 0 || second < 0) return undefined;
  const tagEnd = third < 0 ? line.length : third;
  const tags = line
    .subarray(second + 1, tagEnd)
    .toString('latin1')
    .split(':');
  const content = third < 0 ? Buffer.alloc(0) : line.subarray(third + 1);
  return { timestamp: line.subarray(0, first).toString('latin1'), isPartial: tags.includes('P'), content };
}

export interface LogFormat {
  readonly timestamps: boolean;
  /** Lines before this time are left out. */
  readonly sinceMs: number | undefined;
}

const newline = Buffer.from('\n');

/** What a client gets for a line of the file; undefined when it is left out. `continues`: the last one was partial. */
export function formattedLine(line: LogLine, format: LogFormat, continues: boolean): Buffer | undefined {
  if (format.sinceMs !== undefined && Date.parse(line.timestamp) < format.sinceMs) return undefined;
  const prefix = format.timestamps && !continues ? [Buffer.from(`${line.timestamp} `)] : [];
  return Buffer.concat([...prefix, line.content, ...(line.isPartial ? [] : [newline])]);
}

/** The runtime cuts a container's lines at 16 KiB. What is longer was written by something else, and is left out. */
const lineBytesMax = 1 << 20;

/** Cuts bytes into lines; keeps the unfinished end for the next bytes. */
export function createLineSplitter(): (bytes: Buffer) => Buffer[] {
  let parts: Buffer[] = [];
  let length = 0;
  return (bytes) => {
    const lines: Buffer[] = [];
    let from = 0;
    for (let end = bytes.indexOf(0x0a); end >= 0; end = bytes.indexOf(0x0a, from)) {
      const last = bytes.subarray(from, end);
      if (length + last.length <= lineBytesMax) lines.push(parts.length === 0 ? last : Buffer.concat([...parts, last]));
      [parts, length, from] = [[], 0, end + 1];
    }
    length += bytes.length - from;
    if (length > lineBytesMax) parts = [];
    else if (from < bytes.length) parts.push(bytes.subarray(from));
    return lines;
  };
}
