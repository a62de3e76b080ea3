/** Every bound of the store, with its usual value. */
export interface StoreLimits {
  /** How long a revision stays readable, at least. It may be twice as long. */
  readonly retentionMs: number;
  /** Changes kept in memory; older ones above the compact revision are read from the table. */
  readonly historyChangesMax: number;
  /** Objects are kept parsed as long as their JSON is no more than this together; parsed, it is about twice that. */
  readonly parsedBytesMax: number;
  /** The same for their JSON texts. */
  readonly textBytesMax: number;
  /** Watches without news send a bookmark at most this often. */
  readonly progressMs: number;
  /** Changes in one batch of a watch. */
  readonly watchBatchMax: number;
  /** How often to read what other processes wrote; 0: only when a caller asks. */
  readonly pollMs: number;
  readonly entryOperationsMax: number;
  /** Compressed. One operation that is larger goes alone. */
  readonly entryBytesMax: number;
  /** A compressed body over this goes into a blob. */
  readonly inlineBytesMax: number;
  /** What an entry holds of one change besides its body: key, uid, and the labels and selectable fields before it. */
  readonly headBytesMax: number;
  /** The JSON of one object. Source: apiserver, pkg/server/config.go, MaxRequestBodyBytes. */
  readonly objectBytesMax: number;
  /** A commit that is not decided by then is answered with an error. */
  readonly commitWaitMs: number;
  /** How long `notOlderThan` waits. Source: apiserver, pkg/storage/cacher, blockTimeout. */
  readonly notOlderWaitMs: number;
  /** An entry is written at most this long after the head was seen. */
  readonly headLifeMs: number;
  /** A replica that saw the head longer ago than this may have missed entries that are gone: it reads the watermark first. */
  readonly replicaLifeMs: number;
  /**
   * Entries below the compact revision are kept this long. More than twice `replicaLifeMs`, so that a reader that needs one still finds
   * it or knows better.
   */
  readonly entryLifeMs: number;
  /** Objects are put into their items, and the watermark is moved, at most this long after it was read. */
  readonly checkpointMs: number;
  /** Entries that one step of housekeeping takes into the checkpoint. */
  readonly checkpointEntries: number;
  /** Writers help with housekeeping when the watermark is this many entries behind. */
  readonly helpEntries: number;
  /** Where entries expire by themselves, nothing is written while a change that is not checkpointed is older than this. */
  readonly behindMsMax: number;
}

const minute = 60_000;

export const defaultLimits: StoreLimits = {
  // Twice this is what clients may find kept; conformance tests expect a continue token to expire within ten minutes.
  retentionMs: 4.5 * minute,
  historyChangesMax: 100_000,
  parsedBytesMax: 64 * 1024 * 1024,
  textBytesMax: 32 * 1024 * 1024,
  progressMs: 1000,
  watchBatchMax: 1000,
  pollMs: 0,
  entryOperationsMax: 256,
  entryBytesMax: 256 * 1024,
  inlineBytesMax: 256 * 1024,
  headBytesMax: 64 * 1024,
  objectBytesMax: 3 * 1024 * 1024,
  commitWaitMs: 30_000,
  notOlderWaitMs: 3000,
  headLifeMs: 5000,
  replicaLifeMs: 60 * minute,
  entryLifeMs: 150 * minute,
  checkpointMs: minute,
  checkpointEntries: 1024,
  helpEntries: 1024,
  behindMsMax: 60 * minute,
};
