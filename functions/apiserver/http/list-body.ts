/**
 * The body of a list. A long one is written as it is read, so that memory holds a piece of it at a time. A host that can
 * send only so much says so, and what it would cut off is refused before it begins: nobody may take a part for the whole.
 */
import type { KubeObject } from '../../kube/object.ts';
import { StatusError } from '../../kube/status-error.ts';
import { objectText } from './object-text.ts';

const pieceLength = 256 * 1024;
/** A list no longer than this is sent as one text. */
const textLengthMax = 8 * 1024 * 1024;
/** Of a character in UTF-8 that takes one place in a string. */
const bytesOfCharacterMax = 3;

export const tooLargeAnswer = (bytesMax: number): StatusError =>
  new StatusError(
    413,
    'RequestEntityTooLarge',
    `Request entity too large: the answer would have more than the ${bytesMax} bytes that this host can send; ask for it in pages, with limit and continue`,
  );

export function isLongerThan(text: string, bytesMax: number): boolean {
  return text.length * bytesOfCharacterMax > bytesMax && Buffer.byteLength(text) > bytesMax;
}

/** `head` is the list as a JSON object without its items. */
export function listBody(head: string, objects: readonly KubeObject[], bytesMax: number): string | ReadableStream<Uint8Array> {
  const pieces = piecesOf(head, objects);
  const begun: string[] = [];
  let length = 0;
  for (let next = pieces.next(); next.done !== true; next = pieces.next()) {
    begun.push(next.value);
    length += next.value.length;
    if (length <= textLengthMax) continue;
    // The host's bound is looked at once more, for all of it: only long lists are written twice.
    if (isLonger(piecesOf(head, objects), bytesMax)) throw tooLargeAnswer(bytesMax);
    return streamOf(begun, pieces);
  }
  const text = begun.join('');
  if (isLongerThan(text, bytesMax)) throw tooLargeAnswer(bytesMax);
  return text;
}

/** Joins texts that are already there: a list of thousands costs no second serialisation. */
function* piecesOf(head: string, objects: readonly KubeObject[]): Generator<string, void> {
  let texts: string[] = [];
  let length = 0;
  let before = `${head.slice(0, -1)},"items":[`;
  for (const object of objects) {
    const text = objectText(object);
    texts.push(before, text);
    before = ',';
    length += text.length;
    if (length < pieceLength) continue;
    yield texts.join('');
    [texts, length] = [[], 0];
  }
  if (objects.length === 0) texts.push(before);
  yield `${texts.join('')}]}`;
}

function isLonger(pieces: Iterable<string>, bytesMax: number): boolean {
  if (bytesMax === Infinity) return false;
  let bytes = 0;
  for (const piece of pieces) {
    bytes += Buffer.byteLength(piece);
    if (bytes > bytesMax) return true;
  }
  return false;
}

function streamOf(begun: readonly string[], rest: Iterator<string>): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let index = 0;
  return new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        const piece = begun[index] ?? nextOf(rest);
        index += 1;
        if (piece === undefined) controller.close();
        else controller.enqueue(encoder.encode(piece));
      },
    },
    { highWaterMark: 0 },
  );
}

function nextOf(rest: Iterator<string>): string | undefined {
  const { done, value } = rest.next();
  return done === true ? undefined : value;
}
