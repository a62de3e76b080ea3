/**
 * The body of a list. A long one is written as it is read, so that memory holds a piece of it at a time. A host that can
 * send only so much sets a limit. An answer that the host would cut off is refused before it begins: no client may take a
 * part for the whole.
 */
import type { JsonObject } from '../../kube/object.ts';
import { StatusError } from '../../kube/status-error.ts';
import { jsonLength, jsonText, type Shown } from '../../store/json-text.ts';

const pieceBytes = 256 * 1024;
/** A list no longer than this is sent in one piece. */
const wholeBytesMax = 8 * 1024 * 1024;
/** Bytes of UTF-8 that one unit of a JavaScript string may take. */
const bytesOfCharacterMax = 3;

export const tooLargeAnswer = (bytesMax: number): StatusError =>
  new StatusError(
    413,
    'RequestEntityTooLarge',
    `Request entity too large: the answer would have more than the ${bytesMax} bytes that this host can send; ask for it in pages, with limit and continue`,
  );

export function isLongerThan(body: string | Uint8Array, bytesMax: number): boolean {
  if (typeof body !== 'string') return body.length > bytesMax;
  return body.length * bytesOfCharacterMax > bytesMax && Buffer.byteLength(body) > bytesMax;
}

export interface ListHead {
  /** The list as a JSON object without its items. */
  readonly json: string;
  /** Items of built-in kinds leave it to their list what they are. */
  readonly hasTypedItems: boolean;
}

export function listBody(head: ListHead, list: readonly Shown[], bytesMax: number): Uint8Array | ReadableStream<Uint8Array> {
  if (lengthOf(head, list, bytesMax) > bytesMax) throw tooLargeAnswer(bytesMax);
  const pieces = piecesOf(head, list);
  const begun: Uint8Array[] = [];
  let length = 0;
  for (let next = pieces.next(); next.done !== true; next = pieces.next()) {
    begun.push(next.value);
    length += next.value.length;
    if (length <= wholeBytesMax) continue;
    return streamOf(begun, pieces);
  }
  return Buffer.concat(begun, length);
}

const itemsStart = ',"items":[';
const itemsEnd = Buffer.from(']}');
const comma = Buffer.from(',');
const commaAndBrace = Buffer.from(',{');
/** What the items add to the head, besides themselves: its last brace is counted with it. */
const aroundItems = itemsStart.length + itemsEnd.length - 1;

/** Joins texts that are already there: a list of thousands costs no serialisation. */
function* piecesOf({ json: head, hasTypedItems }: ListHead, list: readonly Shown[]): Generator<Uint8Array, void> {
  let texts: Uint8Array[] = [];
  let length = 0;
  let before = Buffer.from(head.slice(0, -1) + itemsStart + (hasTypedItems || list.length === 0 ? '' : '{'));
  for (const shown of list) {
    const text = hasTypedItems ? jsonText(shown) : untyped(jsonText(shown));
    texts.push(before, text);
    before = hasTypedItems ? comma : commaAndBrace;
    length += text.length;
    if (length < pieceBytes) continue;
    yield Buffer.concat(texts);
    [texts, length] = [[], 0];
  }
  if (list.length === 0) texts.push(before);
  yield Buffer.concat([...texts, itemsEnd]);
}

const leadingType = /^\{(?:"(?:apiVersion|kind)":"[^"\\]*"(?:,|(?=\}))){2}/;
/** Groups, versions and kinds are shorter together. */
const leadingTypeBytesMax = 512;

/** The object without its type and its first brace: most texts begin with the type, and need no copy. */
function untyped(text: Uint8Array): Uint8Array {
  const start = Buffer.from(text.buffer, text.byteOffset, Math.min(text.length, leadingTypeBytesMax)).toString('latin1');
  const found = leadingType.exec(start);
  if (found !== null) return text.subarray(found[0].length);
  const { apiVersion: _, kind: __, ...object } = JSON.parse(Buffer.from(text).toString('utf8')) as JsonObject;
  return Buffer.from(JSON.stringify(object)).subarray(1);
}

/** At most: items may lose their type. It is not asked for where nothing is too long. */
function lengthOf({ json: head }: ListHead, list: readonly Shown[], bytesMax: number): number {
  if (bytesMax === Infinity) return 0;
  const commas = Math.max(0, list.length - 1);
  return list.reduce((sum, shown) => sum + jsonLength(shown), Buffer.byteLength(head) + aroundItems + commas);
}

function streamOf(begun: readonly Uint8Array[], rest: Iterator<Uint8Array>): ReadableStream<Uint8Array> {
  let index = 0;
  return new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        const piece = begun[index] ?? nextOf(rest);
        index += 1;
        if (piece === undefined) controller.close();
        else controller.enqueue(piece);
      },
    },
    { highWaterMark: 0 },
  );
}

function nextOf(rest: Iterator<Uint8Array>): Uint8Array | undefined {
  const { done, value } = rest.next();
  return done === true ? undefined : value;
}
