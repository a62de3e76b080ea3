/** How the stores of a function's clusters are written: Secrets sealed with its envelope key. */
import { type Formats, sealedFormats } from '../store/format.ts';
import { fixedKeyRing } from '../store/seal.ts';
import type { Settings } from './settings.ts';

export const clusterFormats = ({ envelopeKey, formerEnvelopeKeys = [] }: Pick<Settings, 'envelopeKey' | 'formerEnvelopeKeys'>): Formats =>
  sealedFormats(fixedKeyRing([envelopeKey, ...formerEnvelopeKeys]));
