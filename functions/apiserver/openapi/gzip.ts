/** OpenAPI documents are long and repeat themselves: clients that accept gzip get a twentieth of the bytes. Source: kube-openapi, pkg/handler/handler.go. */
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { acceptClauses } from '../http/content-negotiation.ts';
import type { TaggedDocument } from '../http/tagged-document.ts';

/** Documents that were compressed already: each is compressed once. */
const compressed = new WeakMap<TaggedDocument, Promise<Uint8Array<ArrayBuffer>>>();

export async function gzipped(request: Request, document: TaggedDocument, response: Response): Promise<Response> {
  const accepted = request.headers.get('accept-encoding');
  const isAccepted = accepted !== null && acceptClauses(accepted).some(({ mediaType }) => mediaType === 'gzip' || mediaType === '*');
  if (response.status !== 200 || !isAccepted) return response;
  const bytes = compressed.get(document) ?? promisify(gzip)(document.body);
  compressed.set(document, bytes);
  const headers = new Headers(response.headers);
  headers.set('content-encoding', 'gzip');
  return new Response(await bytes, { headers });
}
