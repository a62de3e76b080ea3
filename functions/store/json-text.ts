/** The JSON of objects, in UTF-8. That of a stored one is in its body: nothing is parsed or printed for it. */
import type { Stored } from '../kube/view.ts';

/** A stored object, or one that was made for the occasion. */
export type Shown = Pick<Stored, 'object' | 'json' | 'jsonLength'> & Partial<Pick<Stored, 'revision'>>;

export const jsonLength = (shown: Shown): number => shown.jsonLength ?? jsonText(shown).length;

export const jsonText = (shown: Shown): Uint8Array => shown.json?.() ?? Buffer.from(JSON.stringify(shown.object));
