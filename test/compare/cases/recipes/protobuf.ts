/** Bodies in protobuf: whole ones, ones with a field that nothing knows, and broken ones. */
import { protobufType } from '../../../../functions/apiserver/http/content-negotiation.ts';
import { encodeProtobuf } from '../../../../functions/kube/protobuf-encoder.ts';
import { fieldValidation, get, mayStore, mutation, post, query, type Recipe, remove } from '../compared-kind.ts';
import type { Step } from '../case.ts';

const magicLength = 4;
/** Field 1023, a text of one letter. */
const unknownField = Buffer.from([0xfa, 0x3f, 0x01, 0x78]);

function varint(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varint(value >>> 7)];
}

/** The object's own message within the envelope, and what stands around it. */
function opened(bytes: Buffer): { readonly head: Buffer; readonly message: Buffer; readonly tail: Buffer } {
  const start = magicLength + 2 + (bytes[magicLength + 1] ?? 0);
  let [length, at, shift] = [0, start + 1, 0];
  for (let more = true; more; at += 1, shift += 7) {
    length += ((bytes[at] ?? 0) & 0x7f) << shift;
    more = ((bytes[at] ?? 0) & 0x80) !== 0;
  }
  return { head: bytes.subarray(0, start), message: bytes.subarray(at, at + length), tail: bytes.subarray(at + length) };
}

function withUnknownField(bytes: Buffer): Buffer {
  const { head, message, tail } = opened(bytes);
  return Buffer.concat([head, Buffer.from([0x12, ...varint(message.length + unknownField.length)]), message, unknownField, tail]);
}

export const protobufBody: Recipe = (scene) => {
  const { choice, collection, path } = scene;
  const { about, object } = choice.next() < 0.5 ? { about: 'the base', object: scene.base } : mutation(scene);
  // A value of the wrong type has no encoding.
  const encoded = encodedOrNone(object);
  if (encoded === undefined) return undefined;
  const forms: readonly (readonly [string, (bytes: Buffer) => Buffer])[] = [
    ['', (bytes) => bytes],
    ['', (bytes) => bytes],
    [' with an unknown field', withUnknownField],
    [' with an unknown field around it', (bytes) => Buffer.concat([bytes, unknownField])],
    [', cut short', (bytes) => bytes.subarray(0, bytes.length - 5)],
    [' without its prefix', (bytes) => bytes.subarray(1)],
  ];
  const [what, form] = choice.of(forms);
  const step = (method: string, to: string): Step => ({
    method,
    path: to + query('dryRun=All', fieldValidation(scene)),
    base64: form(encoded).toString('base64'),
    headers: { 'content-type': protobufType },
  });
  const isUpdate = mayStore(scene) && scene.kind.verbs.includes('update') && choice.next() < 0.3;
  return {
    about: `${isUpdate ? 'update' : 'create'} in protobuf ${about}${what}`,
    steps: isUpdate ? [post(scene), step('PUT', path), get(scene), remove(scene)] : [step('POST', collection)],
  };
};

/** What the readers of times and durations refuse, and numbers that are no integers, have no class of their own. */
const noEncoding = /^(?:parsing time|time:) |cannot be converted to a BigInt/;

function encodedOrNone(object: Parameters<typeof encodeProtobuf>[0]): Buffer | undefined {
  try {
    const bytes = encodeProtobuf(object);
    return bytes === undefined ? undefined : Buffer.from(bytes);
  } catch (error) {
    if (error instanceof Error && noEncoding.test(error.message)) return undefined;
    throw error;
  }
}
