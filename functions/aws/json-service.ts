/**
 * A service of AWS that speaks JSON, one request at a time: signed by AWS's own signer, sent by the SDK's own transport,
 * its error given a class. Nothing is tried again here, and the clock is not corrected: callers do both. The SDK's
 * clients do the same with ten times the code, which every cold start has to read.
 */
import { createHash, createHmac, type Hash, type Hmac } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { NodeHttpHandler, type NodeHttpHandlerOptions } from '@smithy/node-http-handler';
import { HttpRequest, type HttpResponse } from '@smithy/core/protocols';
import { SignatureV4 } from '@smithy/signature-v4';
import type { Clock } from '../world.ts';
import { credentialsFrom, type Credentials } from './credentials.ts';
import { endpointOf } from './endpoint.ts';

/** Where AWS is and as whom; what is absent comes from the environment. */
export interface AwsAccess {
  readonly region?: string;
  readonly endpoint?: string;
  readonly credentials?: Credentials;
}

export interface JsonServiceOptions extends AwsAccess {
  /** As signatures and addresses name it: `dynamodb`. */
  readonly service: string;
  /** The version of its API, as requests name it: `DynamoDB_20120810`. */
  readonly target: string;
  /** The version of AWS' JSON protocol that the service speaks; default: 1.0. */
  readonly version?: '1.0' | '1.1';
  readonly clock: Pick<Clock, 'now'>;
  /** How long to wait for an answer; default: until the caller's signal. */
  readonly answerMsMax?: number;
}

export interface CallOptions {
  readonly signal?: AbortSignal;
  /** The clock reading that signs it; default: now. */
  readonly signedMs?: number;
}

export interface JsonService {
  /** Rejects with a ServiceError when the service refuses, and as Node does when it is not reached. */
  call(operation: string, input: object, options?: CallOptions): Promise<unknown>;
  close(): void;
}

type Fields = Readonly<Record<string, unknown>>;

/** What a service answered instead of what was asked of it. Its name is the service's code. */
export class ServiceError extends Error {
  override name: string;
  readonly status: number;
  readonly fields: Fields;

  /** `type`: the error type in the headers, for a body without one. */
  constructor(status: number, fields: Fields, type?: string) {
    super(text(fields['message']) ?? text(fields['Message']) ?? `it answered ${status}`);
    this.name = codeOf(text(fields['__type']) ?? text(fields['code']) ?? text(fields['Code']) ?? type ?? `Status${status}`);
    this.status = status;
    this.fields = fields;
  }
}

const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

/** `com.amazonaws.dynamodb.v20120810#ValidationException`, and some add an address. */
const codeOf = (type: string): string => type.split(/[:,]/, 1)[0]?.split('#').at(-1) ?? '';

const firstRefusal = 300;
const badGateway = 502;

export function jsonService(options: JsonServiceOptions): JsonService {
  const { service, target, version = '1.0', clock, answerMsMax } = options;
  const handler = new NodeHttpHandler(answerMsMax === undefined ? {} : waitingFor(answerMsMax));
  let context: SigningContext | undefined;

  return {
    async call(operation, input, { signal, signedMs = clock.now() } = {}) {
      context ??= signingContextOf(service, options);
      const request = requestOf(context.endpoint, { target: `${target}.${operation}`, version, body: JSON.stringify(input) });
      const signed = await context.signer.sign(request, { signingDate: new Date(signedMs) });
      const { response } = await handler.handle(new HttpRequest(signed), signal === undefined ? {} : { abortSignal: signal });
      return fieldsOf(response, await bytesOf(response.body as AsyncIterable<Uint8Array>));
    },
    close: () => handler.destroy(),
  };
}

/** For the beginning of an answer, and for each next part of it. */
const waitingFor = (ms: number): NodeHttpHandlerOptions => ({ requestTimeout: ms, throwOnRequestTimeout: true, socketTimeout: ms });

interface SigningContext {
  readonly endpoint: URL;
  readonly signer: SignatureV4;
}

/** Found out when it is first needed: who only loads the code need not be anywhere. */
function signingContextOf(service: string, access: AwsAccess): SigningContext {
  const { region, endpoint } = endpointOf(service, access);
  const signer = new SignatureV4({ service, region, credentials: credentialsFrom(access.credentials), sha256: Sha256 });
  return { endpoint, signer };
}

interface Call {
  readonly target: string;
  readonly version: string;
  readonly body: string;
}

function requestOf({ protocol, hostname, port, host, pathname }: URL, { target, version, body }: Call): HttpRequest {
  return new HttpRequest({
    protocol,
    hostname,
    ...(port === '' ? {} : { port: Number(port) }),
    method: 'POST',
    path: pathname.endsWith('/') ? pathname : `${pathname}/`,
    headers: {
      host,
      'content-type': `application/x-amz-json-${version}`,
      'content-length': `${Buffer.byteLength(body)}`,
      'x-amz-target': target,
    },
    body,
  });
}

async function bytesOf(body: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function fieldsOf({ statusCode, headers }: Pick<HttpResponse, 'statusCode' | 'headers'>, body: Buffer): Fields {
  const type = headers['x-amzn-errortype'];
  if (!isWhole(body, headers)) throw new ServiceError(badGateway, { message: 'the answer is damaged' });
  const fields = parsed(body.toString());
  // A proxy in between answers with something else.
  if (fields === undefined)
    throw new ServiceError(statusCode < firstRefusal ? badGateway : statusCode, { message: 'the answer is not JSON' }, type);
  if (statusCode >= firstRefusal) throw new ServiceError(statusCode, fields, type);
  return fields;
}

/** DynamoDB sends a checksum along. Source: "DynamoDB low-level API", x-amz-crc32. */
function isWhole(body: Buffer, headers: Readonly<Record<string, string>>): boolean {
  const expected = headers['x-amz-crc32'];
  return expected === undefined || Number(expected) === crc32(body);
}

function parsed(body: string): Fields | undefined {
  try {
    const value: unknown = body === '' ? {} : JSON.parse(body);
    return typeof value === 'object' && value !== null ? (value as Fields) : undefined;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return undefined;
  }
}

/** Node's, as the signer wants it. */
class Sha256 {
  readonly #hash: Hash | Hmac;

  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', secretBytes(secret));
  }

  update(part: Uint8Array | string): void {
    this.#hash.update(part);
  }

  digest(): Promise<Uint8Array> {
    return Promise.resolve(this.#hash.digest());
  }

  reset(): void {
    throw new TypeError('a digest is made once');
  }
}

const secretBytes = (secret: string | ArrayBuffer | ArrayBufferView): Uint8Array =>
  typeof secret === 'string'
    ? Buffer.from(secret)
    : ArrayBuffer.isView(secret)
      ? new Uint8Array(secret.buffer, secret.byteOffset, secret.byteLength)
      : new Uint8Array(secret);
