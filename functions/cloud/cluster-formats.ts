/** How the stores of a function's clusters are written: Secrets sealed with its envelope key. */
import { type Formats, sealedFormats } from '../store/format.ts';
import { fixedKeyRing, type KeyRing } from '../store/seal.ts';
import type { EnvelopeKeys } from './settings.ts';

export const clusterFormats = (keys: EnvelopeKeys): Formats => sealedFormats(envelopeRing(keys));

const ringOf = ({ envelopeKey, formerEnvelopeKeys = [] }: EnvelopeKeys): KeyRing => fixedKeyRing([envelopeKey, ...formerEnvelopeKeys]);

/** A process seals with the key that it started with until it meets a newer one. */
export function envelopeRing(keys: EnvelopeKeys): KeyRing {
  const { reread } = keys;
  let ring = ringOf(keys);
  return {
    current: () => ring.current(),
    find: (id) => ring.find(id),
    ...(reread === undefined ? {} : { refresh: async () => void (ring = ringOf(await reread())) }),
  };
}
