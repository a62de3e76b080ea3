/** A document that clients keep: with an ETag, and 304 for those who have it already. */
import { createHash } from 'node:crypto';

export interface TaggedDocument {
  readonly body: string | Uint8Array<ArrayBuffer>;
  /** Upper-case SHA-512 of the JSON, whichever form of it this is. */
  readonly hash: string;
}

export function taggedDocument(value: object): TaggedDocument {
  const body = JSON.stringify(value);
  return { body, hash: createHash('sha512').update(body).digest('hex').toUpperCase() };
}

export function taggedResponse(request: Request, { body, hash }: TaggedDocument, headers: Record<string, string>): Response {
  const all = { vary: 'Accept', etag: `"${hash}"`, ...headers };
  const known = (request.headers.get('if-none-match') ?? '').split(',').map((tag) => tag.trim());
  return known.includes(`"${hash}"`) ? new Response(null, { status: 304, headers: all }) : new Response(body, { headers: all });
}
