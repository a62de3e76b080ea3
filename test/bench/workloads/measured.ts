/** What one scheduler did with one load. */
export interface Measured {
  readonly pods: number;
  readonly seconds: number;
  readonly podsPerSecond: number;
  /** CPU of all its programs, while the pods were placed. */
  readonly cpuSeconds: number;
  readonly residentMB: number;
}

export const measured = (pods: number, seconds: number, rest: Pick<Measured, 'cpuSeconds' | 'residentMB'>): Measured => ({
  pods,
  seconds,
  podsPerSecond: Math.round(pods / seconds),
  ...rest,
});

export const megabyte = 1e6;
