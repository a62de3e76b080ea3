/** A proxied server's answer as the client gets it: redirects and links lead through the proxy. */
import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { deflateRaw, gunzip, gzip, inflateRaw, type ZlibOptions } from 'node:zlib';
import { answerHeaders } from './proxied-headers.ts';
import { type LinkPlace, rewrittenHtml, rewrittenUrl } from './rewritten-links.ts';

/** A longer page passes as it is: its links are not worth holding it in memory. */
const pageBytesMax = 32 << 20;

const withoutBody = (method: string, status: number): boolean =>
  method === 'HEAD' || status === 204 || status === 205 || status === 304 || status < 200;

/** What a small answer unpacks to may be made to fill the memory. */
const limit: ZlibOptions = { maxOutputLength: pageBytesMax };
const unzipped = promisify<Buffer, ZlibOptions, Buffer>(gunzip);
const inflated = promisify<Buffer, ZlibOptions, Buffer>(inflateRaw);

interface Codec {
  decode(bytes: Buffer): Promise<Buffer>;
  encode(bytes: Buffer): Promise<Buffer>;
}

const codecs: ReadonlyMap<string, Codec> = new Map([
  ['', { decode: async (bytes) => bytes, encode: async (bytes) => bytes }],
  ['gzip', { decode: (bytes) => unzipped(bytes, limit), encode: promisify<Buffer, Buffer>(gzip) }],
  ['deflate', { decode: (bytes) => inflated(bytes, limit), encode: promisify<Buffer, Buffer>(deflateRaw) }],
]);

/** Undefined when it is longer than the limit: then it has been put back. */
async function wholeOf(message: Readable): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of message.iterator({ destroyOnReturn: false })) {
    chunks.push(chunk as Buffer);
    bytes += (chunk as Buffer).length;
    if (bytes <= pageBytesMax) continue;
    message.unshift(Buffer.concat(chunks));
    return undefined;
  }
  return Buffer.concat(chunks);
}

/** Undefined when it is not packed as its header states, or unpacks to more than the limit. */
async function decoded(codec: Codec, bytes: Buffer): Promise<Buffer | undefined> {
  try {
    return await codec.decode(bytes);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (code.startsWith('Z_') || code === 'ERR_BUFFER_TOO_LARGE') return undefined;
    throw error;
  }
}

/** Undefined for a page that passes as it is: it is too long, packed in an unknown way, or not what its header names. */
async function pageOf(message: IncomingMessage, encoding: string, place: LinkPlace): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const codec = codecs.get(encoding);
  const whole = codec === undefined ? undefined : await wholeOf(message);
  if (codec === undefined || whole === undefined) return undefined;
  const html = await decoded(codec, whole);
  if (html === undefined) return new Uint8Array(whole);
  return new Uint8Array(await codec.encode(Buffer.from(rewrittenHtml(html.toString('latin1'), place), 'latin1')));
}

export async function proxiedAnswer(message: IncomingMessage, method: string, place: LinkPlace | undefined): Promise<Response> {
  const headers = answerHeaders(message);
  const { statusCode: status = 502, statusMessage: statusText = '' } = message;
  const location = headers.get('location');
  if (location !== null && place !== undefined) headers.set('location', rewrittenUrl(location, place));
  if (withoutBody(method, status)) {
    message.resume();
    return new Response(null, { status, statusText, headers });
  }
  const isPage = place !== undefined && (location ?? '') === '' && headers.get('content-type')?.split(';')[0]?.trim() === 'text/html';
  const page = isPage ? await pageOf(message, headers.get('content-encoding') ?? '', place) : undefined;
  if (page === undefined) {
    return new Response(Readable.toWeb(message) as ReadableStream<Uint8Array<ArrayBuffer>>, { status, statusText, headers });
  }
  headers.delete('content-length');
  return new Response(page, { status, statusText, headers });
}
