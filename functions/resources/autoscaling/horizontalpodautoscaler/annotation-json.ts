/** JSON that a client may have written into an annotation: what cannot be read counts as absent. */

import { boundedJson } from '../../../kube/bounded-json.ts';

export function parsedJson(text: string | undefined): unknown {
  if (text === undefined) return undefined;
  try {
    return boundedJson(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
