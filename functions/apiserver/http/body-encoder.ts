/** Answers as bytes, in the encodings that clients ask for. */
import { jsonText, type Shown } from '../../store/json-text.ts';
import { type Encoding, prefersProtobuf } from './content-negotiation.ts';
import { listBody, type ListHead } from './list-body.ts';

export type ResponseBody = string | Uint8Array<ArrayBufferLike> | ReadableStream<Uint8Array>;

export interface BodyEncoder {
  readonly contentType: string;
  object(object: object): ResponseBody;
  /** One whose text may be there already. */
  shown(shown: Shown): ResponseBody;
  list(head: ListHead, list: readonly Shown[], bytesMax: number): ResponseBody;
}

const jsonEncoder: BodyEncoder = { contentType: 'application/json', object: JSON.stringify, shown: jsonText, list: listBody };

/** The code that writes protobuf is read when a client first asks for it. YAML is made of the JSON. */
export async function bodyEncoderOf(encoding: Encoding): Promise<BodyEncoder> {
  return encoding === 'protobuf' ? (await import('./protobuf-bodies.ts')).protobufEncoder : jsonEncoder;
}

/** Errors, reviews and discovery are made in JSON, and sent in what the client prefers. */
export async function encodedFor({ headers }: Request, response: Response): Promise<Response> {
  if (!prefersProtobuf(headers.get('accept')) || response.headers.get('content-type') !== 'application/json') return response;
  return (await import('./protobuf-bodies.ts')).inProtobuf(response);
}
