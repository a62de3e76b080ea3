/** Reads the body of a request: at most 3 MiB of JSON, YAML or protobuf. */
import { DocumentError } from '../../kube/document-error.ts';
import { parseJson } from '../../kube/json-document.ts';
import type { Json, JsonObject } from '../../kube/object.ts';
import { StatusError } from '../../kube/status-error.ts';
import { wellFormed } from '../../kube/well-formed.ts';
import { parseYaml } from '../../kube/yaml-document.ts';
import { unsupportedMediaType } from './content-negotiation.ts';

/** Source: apiserver, pkg/server/config.go, MaxRequestBodyBytes. */
export const bodyBytesMax = 3 * 1024 * 1024;

export interface Body {
  readonly value: Json;
  /** Paths of fields that came twice, for strict field validation. */
  readonly duplicates: readonly string[];
  /** Texts of numbers that JavaScript would print otherwise, by path. */
  readonly numbers?: ReadonlyMap<string, string>;
}

export const tooLarge = (bytesMax: number): StatusError =>
  new StatusError(413, 'RequestEntityTooLarge', `Request entity too large: limit is ${bytesMax}`);

/** Bodies that have arrived, while their requests are there. */
const arrived = new WeakMap<Request, Uint8Array>();

/** The body of the request is in these bytes: its stream has been read. */
export function keepBody(request: Request, bytes: Uint8Array): void {
  arrived.set(request, bytes);
}

export const forgetBody = (request: Request): boolean => arrived.delete(request);

/** May be called again for the same request. */
export async function readBytes(request: Request, bytesMax: number = bodyBytesMax): Promise<Uint8Array> {
  if (Number(request.headers.get('content-length') ?? 0) > bytesMax) throw tooLarge(bytesMax);
  const before = arrived.get(request);
  if (before !== undefined && before.byteLength > bytesMax) throw tooLarge(bytesMax);
  const bytes = before ?? (await streamedBytes(request, bytesMax));
  keepBody(request, bytes);
  return bytes;
}

const bodiless: readonly string[] = ['GET', 'HEAD'];

/** A host has to make a stream before it can answer that there is none: these methods have none. */
export const bodyStream = (request: Request): ReadableStream<Uint8Array> | undefined =>
  bodiless.includes(request.method) ? undefined : (request.body ?? undefined);

async function streamedBytes(request: Request, bytesMax: number): Promise<Uint8Array> {
  const stream = bodyStream(request);
  return stream === undefined ? new Uint8Array() : bytesOf(stream, bytesMax);
}

/** All that the stream brings. Throws 413 beyond `bytesMax`, and what `late` rejects with; the rest is then not read. */
export async function bytesOf(stream: ReadableStream<Uint8Array>, bytesMax: number, late?: Promise<never>): Promise<Uint8Array> {
  const reader = stream.getReader();
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for (;;) {
      const { done, value } = await (late === undefined ? reader.read() : Promise.race([reader.read(), late]));
      if (done) return Buffer.concat(chunks);
      length += value.byteLength;
      if (length > bytesMax) throw tooLarge(bytesMax);
      chunks.push(value);
    }
  } catch (error) {
    reader.cancel(error).catch(() => undefined);
    throw error;
  }
}

export const mediaTypeOf = (request: Request): string =>
  (request.headers.get('content-type') ?? '').split(';')[0]?.trim().toLowerCase() ?? '';

export const applyPatch = 'application/apply-patch+yaml';
export const strategicMergePatch = 'application/strategic-merge-patch+json';
export const patchTypes = ['application/json-patch+json', 'application/merge-patch+json', strategicMergePatch, applyPatch] as const;

const accepted = ['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf'];

/** Undefined when there is no body at all. */
export async function readBody(request: Request): Promise<Body | undefined> {
  try {
    return await parsedBody(request, await readBytes(request));
  } catch (error) {
    if (!(error instanceof DocumentError)) throw error;
    const prefix = mediaTypeOf(request) === 'application/vnd.kubernetes.protobuf' ? '' : versionProblem;
    throw new StatusError(400, 'BadRequest', `${prefix}${error.message}`, { cause: error });
  }
}

/** How upstream begins when a body has no version and kind that it could read. */
export const versionProblem = "couldn't get version/kind; json parse error: ";

/** The document in these bytes, which are the body of the request. */
export async function parsedBody(request: Request, bytes: Uint8Array): Promise<Body | undefined> {
  if (bytes.byteLength === 0) return undefined;
  switch (mediaTypeOf(request)) {
    case '':
    case '*/*':
    case 'application/json':
      return parseJson(Buffer.from(bytes).toString('utf8'));
    case 'application/yaml':
      return parseYaml(Buffer.from(bytes).toString('utf8'));
    case 'application/vnd.kubernetes.protobuf':
      return { value: await protobufObject(bytes), duplicates: [] };
    default:
      throw unsupportedMediaType(accepted);
  }
}

/** Few clients send this form, so its reader is loaded with the first. */
async function protobufObject(bytes: Uint8Array): Promise<JsonObject> {
  const { decodeProtobuf } = await import('../../kube/protobuf.ts');
  const { apiVersion, kind, object } = decodeProtobuf(bytes);
  return wellFormed({ ...object, apiVersion, kind }) as JsonObject;
}
