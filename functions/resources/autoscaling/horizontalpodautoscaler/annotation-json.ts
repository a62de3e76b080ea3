/** JSON that a client may have written into an annotation: what cannot be read counts as absent. */

import { boundedJson } from '../../../kube/bounded-json.ts';

export const isJsonRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export function parsedJson(text: string | undefined): unknown {
  if (text === undefined) return undefined;
  try {
    return boundedJson(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
