/** The doorbells of several clusters, which share their queues and what sends to them. */
import { createSqsDoorbell, type SqsDoorbell, type SqsDoorbellOptions } from './sqs-doorbell.ts';
import { sqsSender } from './sqs-sender.ts';

export interface Doorbells {
  /** By what the cluster's keys begin with. */
  of(cluster: string): SqsDoorbell;
  /** Resolves once all that was rung so far, for whomever, is in the queues, or given up. */
  flush(): Promise<void>;
}

export function createDoorbells(options: Omit<SqsDoorbellOptions, 'cluster'>): Doorbells {
  const bells = new Map<string, SqsDoorbell>();
  const send = options.send ?? sqsSender(options.world);
  return {
    of(cluster) {
      const bell = bells.get(cluster) ?? createSqsDoorbell({ ...options, send, cluster });
      bells.set(cluster, bell);
      return bell;
    },
    async flush() {
      await Promise.all([...bells.values()].map((bell) => bell.flush()));
    },
  };
}
