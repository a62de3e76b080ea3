/** What may go wrong on AWS, made to happen: for tests. Nothing of it harms correctness. */
export interface Faults {
  /** Every message and every record is delivered twice. */
  readonly duplicates?: boolean;
  /** Each invocation of this many is killed at some moment. */
  readonly killEvery?: number;
  /** The stream's records arrive this much later. */
  readonly streamLateMs?: number;
  /** The longest life of an environment. */
  readonly coldEveryMs?: number;
  /** Requests that one environment of the API serves at a time: fewer make more environments. */
  readonly requestsMax?: number;
  /** A request of the API is cut off after this time; 15 minutes on AWS. The API gets the limit in its environment. */
  readonly requestSecondsMax?: number;
  /** The longest answer of the API; 200 MB on AWS. The API gets the limit in its environment. */
  readonly answerBytesMax?: number;
  /** Deliveries come again after this time, and functions time out before it. */
  readonly visibilitySeconds?: number;
}
