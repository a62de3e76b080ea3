/** A document that clients keep: with an ETag, and 304 for those who have it already. */
import { createHash } from 'node:crypto';

export interface TaggedDocument {
  readonly text: string;
  /** Upper-case SHA-512 of the text. */
  readonly hash: string;
}

export function taggedDocument(value: object): TaggedDocument {
  const text = JSON.stringify(value);
  return { text, hash: createHash('sha512').update(text).digest('hex').toUpperCase() };
}

export function taggedResponse(request: Request, { text, hash }: TaggedDocument, headers: Record<string, string>): Response {
  const all = { vary: 'Accept', etag: `"${hash}"`, ...headers };
  const known = (request.headers.get('if-none-match') ?? '').split(',').map((tag) => tag.trim());
  return known.includes(`"${hash}"`) ? new Response(null, { status: 304, headers: all }) : new Response(text, { headers: all });
}
