/** The port to whatever carries the entries of one tunnel: the table itself, or requests to the API. It need not be trusted. */
export interface NumberedEntry {
  readonly number: number;
  readonly bytes: Uint8Array;
}

export interface Carrier {
  /** Puts an entry of this end under its number, if none is there. Throws when it is not known to be there. */
  put(entry: NumberedEntry): Promise<void>;
  /** The other end's entries, as they come. One may come twice or early. Throws when no more can come; ends with the signal. */
  entries(signal: AbortSignal): AsyncIterable<NumberedEntry>;
}
