/**
 * JSON that a caller wrote, wherever it stands: in a body, an annotation, a key. Documents are walked by recursion, so
 * how deep they nest is bounded before they are parsed.
 */
import type { Json } from './object.ts';

/** No kind nests deeper than some dozens. Upstream takes 10,000 levels, for which our stack has no room. */
export const depthMax = 500;

/** A SyntaxError, as for any other text that cannot be read. */
export class TooDeep extends SyntaxError {
  override name = 'TooDeep';
}

const [quote, backslash] = [0x22, 0x5c];
const [openList, closeList, openMap, closeMap] = [0x5b, 0x5d, 0x7b, 0x7d];

/** Throws a SyntaxError for what is no JSON, and for what nests too deep. */
export function boundedJson(text: string): Json {
  refuseDepth(text);
  return JSON.parse(text) as Json;
}

function refuseDepth(text: string): void {
  let depth = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === quote) at = stringEnd(text, at + 1);
    else if (code === closeList || code === closeMap) depth -= 1;
    else if (code === openList || code === openMap) {
      depth += 1;
      if (depth > depthMax) throw new TooDeep(`invalid character '${text.charAt(at)}' exceeded max depth`);
    }
  }
}

/** Where the quotation mark is that ends the string. */
function stringEnd(text: string, start: number): number {
  let at = start;
  while (at < text.length && text.charCodeAt(at) !== quote) at += text.charCodeAt(at) === backslash ? 2 : 1;
  return at;
}
