/** Answers and events of watches in protobuf. Only built-in kinds have messages: of custom kinds it shows metadata alone. */
import type { JsonObject } from '../../kube/object.ts';
import { encodeProtobuf, encodeProtobufEvent, encodeProtobufList } from '../../kube/protobuf-encoder.ts';
import { StatusError } from '../../kube/status-error.ts';
import type { EventFraming } from '../watch/event-encoder.ts';
import type { BodyEncoder } from './body-encoder.ts';
import { protobufType } from './content-negotiation.ts';

/** The API server's own objects have the form of JSON. */
const asJson = (object: object): JsonObject => object as JsonObject;

function encoded(bytes: Uint8Array | undefined, object: object): Uint8Array {
  if (bytes !== undefined) return bytes;
  const kind = 'kind' in object ? String(object.kind) : '';
  throw new StatusError(
    406,
    'NotAcceptable',
    `object *${kind} does not implement the protobuf marshalling interface and cannot be encoded to a protobuf message`,
  );
}

const one = (object: object): Uint8Array => encoded(encodeProtobuf(asJson(object)), object);

export const protobufEncoder: BodyEncoder = {
  contentType: protobufType,
  object: one,
  shown: ({ object }) => one(object),
  list({ json }, list) {
    const head = JSON.parse(json) as JsonObject;
    return encoded(
      encodeProtobufList(
        head,
        list.map((shown) => () => asJson(shown.object)),
      ),
      head,
    );
  },
};

const event = (type: string, object: object): Uint8Array => encoded(encodeProtobufEvent(type, asJson(object)), object);

export const protobufFraming: EventFraming = {
  contentType: `${protobufType};stream=watch`,
  object: event,
  shown: (type, { object }) => event(type, object),
};

/** The answer in protobuf, if its object has a message there. Only answers that are complete and short go through here. */
export async function inProtobuf(response: Response): Promise<Response> {
  const text = await response.text();
  const bytes = encodeProtobuf(JSON.parse(text) as JsonObject);
  const headers = new Headers(response.headers);
  if (bytes !== undefined) headers.set('content-type', protobufType);
  return new Response(bytes ?? text, { status: response.status, headers });
}
