/** Wakes the workers of a group: something new may be in the log. Rings may be lost, repeated or late; that costs time only. */
export interface Doorbell {
  /** Never throws, never waits. */
  ring(group: string): void;
}
