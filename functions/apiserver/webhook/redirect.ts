/** Where an answer sends its client, and with which method. Source: Go, net/http, client.go, redirectBehavior and Client.do. */

export interface Redirect {
  readonly url: URL;
  /** A GET goes without the body. */
  readonly method: 'GET' | 'POST';
}

export const redirectsMax = 10;

/** Their clients ask again as they asked; those of the other codes ask with GET. */
const keepsMethod = new Set([307, 308]);
const codes = new Set([301, 302, 303, ...keepsMethod]);

/** Undefined for an answer that stands for itself. Throws a TypeError for a location that is no URL. */
export function redirectOf(status: number, location: string | undefined, from: Redirect): Redirect | undefined {
  if (!codes.has(status) || location === undefined || location === '') return undefined;
  return { url: new URL(location, from.url), method: keepsMethod.has(status) ? from.method : 'GET' };
}
