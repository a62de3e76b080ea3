/**
 * The lines of a backup, each of them JSON:
 *
 *     header     what it is of, and the revision at which every object was read
 *     file       a file of the data directory besides the store: keys, and what the cluster is
 *     object     a stored object, and the resource (GroupResource) that it belongs to
 *     end        how many objects there are, and the SHA-256 of all lines before
 */
import { createHash } from 'node:crypto';
import { boundedJson } from '../../functions/kube/bounded-json.ts';
import { isJsonObject, type Json, type JsonObject, type KubeObject } from '../../functions/kube/object.ts';

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

/** The error with which reading a backup fails. */
export class BackupError extends Error {
  override name = 'BackupError';
}

export const backupVersion = 1;
/** The largest line of one object; the store takes no larger objects. */
const lineBytesMax = 8 * 1024 * 1024;
/** Keys, certificates and the cluster's record are some kilobytes. They are kept in memory until the objects are there. */
const filesMax = 64;
const fileBytesMax = 256 * 1024;
/** A revision is a number that JavaScript counts on from. */
const revisionMax = 2 ** 52;

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

function parsed(text: string, number: number): Json {
  try {
    return boundedJson(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw number === 1 ? new BackupError('this is no backup') : damaged(`line ${number} is not JSON`);
  }
}

const shownMax = 64;

/** What a backup holds, for an error. */
export const shown = (value: Json | undefined): string => String(JSON.stringify(value)).slice(0, shownMax);

const isRevision = (value: unknown): value is number => Number.isInteger(value) && Number(value) >= 0 && Number(value) <= revisionMax;

function headerOf(line: unknown): BackupHeader {
  if (!isJsonObject(line) || line['type'] !== 'hibernetes-backup') throw new BackupError('this is no backup');
  const { version, takenAt, revision } = line;
  if (version !== backupVersion)
    throw new BackupError(`the backup has version ${shown(version)}, and this version of hibernetes reads ${backupVersion}`);
  if (typeof takenAt !== 'string' || !isRevision(revision)) throw damaged('its header is not one');
  return { type: 'hibernetes-backup', version, takenAt, revision };
}

/** Checks for each type of line behind the header. */
const shapes: Readonly<Record<string, (line: JsonObject) => boolean>> = {
  file: ({ name, text }) => typeof name === 'string' && typeof text === 'string' && text.length <= fileBytesMax,
  object: ({ resource, object }) => typeof resource === 'string' && resource !== '' && isJsonObject(object) && hasKey(object['metadata']),
  end: ({ objects, sha256 }) => typeof objects === 'number' && typeof sha256 === 'string',
};

function hasKey(metadata: Json | undefined): boolean {
  if (!isJsonObject(metadata)) return false;
  const { name, namespace = '', resourceVersion } = metadata;
  const isText = typeof name === 'string' && name !== '' && typeof namespace === 'string';
  return isText && typeof resourceVersion === 'string' && /^\d{1,16}$/.test(resourceVersion) && isRevision(Number(resourceVersion));
}

function isLine(line: unknown): line is BackupLine {
  if (!isJsonObject(line)) return false;
  const { type } = line;
  return typeof type === 'string' && shapes[type]?.(line) === true;
}

function lineOf(line: unknown, number: number): BackupLine {
  if (number === 1) return headerOf(line);
  if (!isLine(line)) throw damaged(`line ${number} is none of a backup`);
  return line;
}

/** All lines before the end. Throws BackupError unless the whole backup is there as it was written. */
export async function* checkedLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Exclude<BackupLine, BackupEnd>> {
  const hash = createHash('sha256');
  let [objects, files, number] = [0, 0, 0];
  let end: BackupEnd | undefined;
  for await (const text of textLines(chunks)) {
    number += 1;
    if (end !== undefined) throw damaged('something follows its end');
    const line = lineOf(parsed(text, number), number);
    if (line.type === 'end') {
      end = line;
      continue;
    }
    hash.update(`${text}\n`);
    if (line.type === 'object') objects += 1;
    if (line.type === 'file' && (files += 1) > filesMax) throw damaged(`it holds more than ${filesMax} files`);
    yield line;
  }
  if (end === undefined) throw new BackupError(number === 0 ? 'this is no backup' : 'the backup is cut off: its end is missing');
  if (end.objects !== objects || end.sha256 !== hash.digest('hex')) throw damaged('its checksum is wrong');
}

async function* textLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  /** The beginning of a line whose end has not come. */
  let parts: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    let from = 0;
    for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, from)) {
      yield Buffer.concat([...parts, chunk.subarray(from, at)]).toString('utf8');
      [parts, length, from] = [[], 0, at + 1];
    }
    if (from === chunk.length) continue;
    parts.push(chunk.slice(from));
    length += chunk.length - from;
    if (length > lineBytesMax) throw damaged('a line has no end');
  }
  if (length > 0) throw new BackupError('the backup is cut off: its last line has no end');
}
