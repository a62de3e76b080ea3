/** What one scheduler did with one load. */
export interface Measured {
  readonly pods: number;
  readonly seconds: number;
  readonly podsPerSecond: number;
  /** By the CPU of all programs: holds on a busy machine, too. */
  readonly podsPerCpuSecond: number;
  /** CPU of all its programs, while the pods were placed. */
  readonly cpuSeconds: number;
  readonly residentMB: number;
}

export const measured = (pods: number, seconds: number, rest: Pick<Measured, 'cpuSeconds' | 'residentMB'>): Measured => ({
  pods,
  seconds,
  podsPerSecond: Math.round(pods / seconds),
  podsPerCpuSecond: Math.round(pods / rest.cpuSeconds),
  ...rest,
});

export const megabyte = 1e6;
