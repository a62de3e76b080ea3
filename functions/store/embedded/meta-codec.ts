/** The watermark as it lies in the data directory. Stored, the index of a log entry has the name `slot`. */
import type { MetaItem } from '../table.ts';
import { decodeItem, encodeItem } from './item-codec.ts';

interface StoredPlace {
  readonly slot: number;
  readonly revision: number;
}

interface StoredMeta extends StoredPlace, Omit<MetaItem, 'logIndex' | 'passed'> {
  readonly passed?: StoredPlace & { readonly atMs: number };
}

export function encodeMeta({ logIndex: slot, revision, passed, ...rest }: MetaItem): Buffer {
  const stored: StoredMeta = {
    slot,
    revision,
    ...rest,
    ...(passed === undefined ? {} : { passed: { slot: passed.logIndex, revision: passed.revision, atMs: passed.atMs } }),
  };
  return encodeItem(stored);
}

export function decodeMeta(bytes: Uint8Array): MetaItem {
  const { slot: logIndex, passed, ...rest } = decodeItem<StoredMeta>(bytes, 'the watermark').head;
  if (passed === undefined) return { logIndex, ...rest };
  return { logIndex, ...rest, passed: { logIndex: passed.slot, revision: passed.revision, atMs: passed.atMs } };
}
