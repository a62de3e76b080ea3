/** Runs one operation as fast as its answers come, and measures: operations a second, latencies, the server's processor time. */

export interface Measured {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Processor time of the server's processes, for one operation (one delivery, for watches). */
  readonly cpuMsEach: number;
}

export interface Metered {
  /** What the server's processes have used of processors so far. */
  cpuMs(): number;
}

export interface Load {
  readonly inFlight: number;
  readonly seconds: number;
  one(step: number): Promise<void>;
}

export function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

export async function closedLoop(server: Metered, { inFlight, seconds, one }: Load): Promise<Measured> {
  const latenciesMs: number[] = [];
  const cpuBeforeMs = server.cpuMs();
  const startMs = performance.now();
  const endMs = startMs + seconds * 1000;
  let steps = 0;
  const worker = async (): Promise<void> => {
    while (performance.now() < endMs) {
      const beforeMs = performance.now();
      await one((steps += 1));
      latenciesMs.push(performance.now() - beforeMs);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, worker));
  return summary(server, latenciesMs, { cpuBeforeMs, startMs });
}

export interface Start {
  readonly cpuBeforeMs: number;
  readonly startMs: number;
}

export function summary(server: Metered, latenciesMs: readonly number[], { cpuBeforeMs, startMs }: Start): Measured {
  const perSecond = latenciesMs.length / ((performance.now() - startMs) / 1000);
  const cpuMsEach = (server.cpuMs() - cpuBeforeMs) / latenciesMs.length;
  const sorted = latenciesMs.toSorted((a, b) => a - b);
  return { perSecond, p50Ms: percentile(sorted, 0.5), p99Ms: percentile(sorted, 0.99), cpuMsEach };
}
