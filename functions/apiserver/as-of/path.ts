/** The path of a request for the past: `/as-of/MOMENT/…`, or `/as-of/MOMENT..MOMENT/…` for what changed between two. */

export const asOfPrefix = '/as-of/';

/** Texts in a path are this long at most: what a moment is made of is short. */
const momentsTextMax = 128;

export interface AsOfParts {
  /** The moments in the path, one or two, not yet parsed. */
  readonly moments: readonly string[];
  /** The path without the moments: `/api/v1/pods`. */
  readonly path: string;
}

export function partsOf(pathname: string): AsOfParts {
  const rest = pathname.slice(asOfPrefix.length);
  const end = rest.indexOf('/');
  const text = decoded((end < 0 ? rest : rest.slice(0, end)).slice(0, momentsTextMax));
  const path = end < 0 ? '/' : rest.slice(end);
  // There is no past within a past, and no path that begins with two slashes.
  const safe = path.startsWith('//') || path.startsWith(asOfPrefix) ? '/' : path;
  const between = text.indexOf('..');
  return { moments: between < 0 ? [text] : [text.slice(0, between), text.slice(between + 2)], path: safe };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    if (error instanceof URIError) return text;
    throw error;
  }
}
