/** Wakes the workers of a group: something new may be in the log. Rings may be lost, repeated or late; that costs time only. */
export interface Doorbell {
  /** Never throws, never waits. Rings with the same mark are about the same news: a doorbell may carry only the first of them. */
  ring(group: string, mark?: string): void;
}
