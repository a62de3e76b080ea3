/** Answers as bytes, in the encodings that clients ask for. */
import { parseJson } from '../../kube/json-document.ts';
import { yamlText } from '../../kube/yaml-document.ts';
import { jsonText, type Shown } from '../../store/json-text.ts';
import { type Encoding, preferredEncoding } from './content-negotiation.ts';
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
  if (response.headers.get('content-type') !== 'application/json') return response;
  switch (preferredEncoding(headers.get('accept'))) {
    case 'json':
      return response;
    case 'yaml':
      return inYaml(response);
    case 'protobuf':
      return (await import('./protobuf-bodies.ts')).inProtobuf(response);
  }
}

/** An answer in JSON with its body in YAML. */
export async function inYaml(response: Response): Promise<Response> {
  const headers = new Headers(response.headers);
  headers.set('content-type', 'application/yaml');
  return new Response(await yamlText(parseJson(await response.text()).value), { status: response.status, headers });
}
