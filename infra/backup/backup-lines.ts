/**
 * The lines of a backup, each of them JSON:
 *
 *     header     what it is of, and the revision at which every object was read
 *     file       a file of the data directory besides the store: keys, and what the cluster is
 *     object     a stored object, and the resource (GroupResource) that it belongs to
 *     end        how many objects there are, and the SHA-256 of all lines before
 */
import { createHash } from 'node:crypto';
import type { KubeObject } from '../../functions/kube/object.ts';

export interface BackupHeader {
  readonly type: 'hibernetes-backup';
  readonly version: 1;
  /** RFC 3339. */
  readonly takenAt: string;
  readonly revision: number;
}

export interface BackupFileLine {
  readonly type: 'file';
  /** Below the data directory: `pki/ca.crt`. */
  readonly name: string;
  readonly text: string;
}

export interface BackupObjectLine {
  readonly type: 'object';
  readonly resource: string;
  readonly object: KubeObject;
}

export interface BackupEnd {
  readonly type: 'end';
  readonly objects: number;
  readonly sha256: string;
}

export type BackupLine = BackupHeader | BackupFileLine | BackupObjectLine | BackupEnd;

/** What reading a backup fails with. */
export class BackupError extends Error {
  override name = 'BackupError';
}

export const backupVersion = 1;
/** Of one object; the store takes no larger ones. */
const lineBytesMax = 8 * 1024 * 1024;

/** The lines with their end, by which a reader knows a whole backup from one that was cut off. */
export async function* withEnd(lines: AsyncIterable<Exclude<BackupLine, BackupEnd>>): AsyncGenerator<string> {
  const hash = createHash('sha256');
  let objects = 0;
  for await (const line of lines) {
    if (line.type === 'object') objects += 1;
    const text = `${JSON.stringify(line)}\n`;
    hash.update(text);
    yield text;
  }
  const end: BackupEnd = { type: 'end', objects, sha256: hash.digest('hex') };
  yield `${JSON.stringify(end)}\n`;
}

const damaged = (why: string): BackupError => new BackupError(`the backup is damaged: ${why}`);

function parsed(text: string, number: number): BackupLine {
  try {
    return JSON.parse(text) as BackupLine;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw number === 1 ? new BackupError('this is no backup') : damaged(`line ${number} is not JSON`);
  }
}

function checkHeader(line: BackupLine): void {
  if (line?.type !== 'hibernetes-backup') throw new BackupError('this is no backup');
  if (line.version !== backupVersion)
    throw new BackupError(`the backup has version ${String(line.version)}, and this version of hibernetes reads ${backupVersion}`);
}

/** All lines before the end. Throws BackupError unless the whole backup is there as it was written. */
export async function* checkedLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Exclude<BackupLine, BackupEnd>> {
  const hash = createHash('sha256');
  let [objects, number] = [0, 0];
  let end: BackupEnd | undefined;
  for await (const text of textLines(chunks)) {
    number += 1;
    if (end !== undefined) throw damaged('something follows its end');
    const line = parsed(text, number);
    if (number === 1) checkHeader(line);
    if (line.type === 'end') {
      end = line;
      continue;
    }
    hash.update(`${text}\n`);
    if (line.type === 'object') objects += 1;
    yield line;
  }
  if (end === undefined) throw new BackupError(number === 0 ? 'this is no backup' : 'the backup is cut off: its end is missing');
  if (end.objects !== objects || end.sha256 !== hash.digest('hex')) throw damaged('its checksum is wrong');
}

async function* textLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  let rest = Buffer.alloc(0);
  for await (const chunk of chunks) {
    let bytes = rest.length === 0 ? Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength) : Buffer.concat([rest, chunk]);
    for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10)) {
      yield bytes.toString('utf8', 0, at);
      bytes = bytes.subarray(at + 1);
    }
    if (bytes.length > lineBytesMax) throw damaged('a line has no end');
    rest = Buffer.from(bytes);
  }
  if (rest.length > 0) throw new BackupError('the backup is cut off: its last line has no end');
}
