/**
 * Which functions exist, what wakes them and what they may touch. Pure data: `infra/aws` turns it into a cloud stack,
 * `infra/local` into one process.
 */
export type Trigger =
  /** Clients of the API. */
  | { readonly kind: 'https' }
  /** A ring on the doorbell of this message group: something new may be in the log. One consumer at a time. */
  | { readonly kind: 'doorbell'; readonly group: WorkerGroupName }
  /** The table's stream: every log entry that was appended, a little later, for certain. */
  | { readonly kind: 'stream' }
  | { readonly kind: 'schedule'; readonly everySeconds: number }
  /** A message that a worker sent to itself, delivered when its next deadline has come. Order and number do not matter. */
  | { readonly kind: 'deadline' };

/** Functions and queues are deployed under these names: the materializer is what writes the store's checkpoints. */
export type WorkerGroupName = 'controllers' | 'scheduler' | 'materializer';

export interface FunctionSpec {
  readonly name: string;
  /** File below `functions/` whose `handler` a cloud calls; one machine does without it. */
  readonly entry: string;
  readonly triggers: readonly Trigger[];
  readonly memoryMiB: number;
  readonly timeoutSeconds: number;
  readonly table: 'none' | 'read' | 'read-write';
  /** It answers requests, of clients or of its own controllers: what they did stands in the audit log. */
  readonly hasApi: boolean;
  /** The doorbells it may ring. */
  readonly rings: readonly WorkerGroupName[];
}

export const manifest: readonly FunctionSpec[] = [
  {
    name: 'api',
    entry: 'api.lambda.ts',
    triggers: [{ kind: 'https' }],
    // Watches wait, and a Function URL is paid by memory as long as they do.
    memoryMiB: 768,
    timeoutSeconds: 900,
    table: 'read-write',
    hasApi: true,
    rings: ['controllers', 'scheduler', 'materializer'],
  },
  {
    name: 'controllers',
    entry: 'controllers.lambda.ts',
    triggers: [{ kind: 'doorbell', group: 'controllers' }],
    memoryMiB: 1769,
    timeoutSeconds: 60,
    table: 'read-write',
    hasApi: true,
    rings: ['controllers', 'scheduler', 'materializer'],
  },
  {
    name: 'scheduler',
    entry: 'scheduler.lambda.ts',
    triggers: [{ kind: 'doorbell', group: 'scheduler' }],
    memoryMiB: 1769,
    timeoutSeconds: 60,
    table: 'read-write',
    hasApi: true,
    rings: ['controllers', 'scheduler', 'materializer'],
  },
  {
    name: 'materializer',
    entry: 'materializer.lambda.ts',
    triggers: [{ kind: 'doorbell', group: 'materializer' }],
    memoryMiB: 512,
    timeoutSeconds: 60,
    table: 'read-write',
    hasApi: false,
    rings: ['materializer'],
  },
  {
    name: 'doorbell',
    entry: 'doorbell.lambda.ts',
    triggers: [{ kind: 'stream' }],
    memoryMiB: 256,
    timeoutSeconds: 30,
    table: 'none',
    hasApi: false,
    rings: ['controllers', 'scheduler', 'materializer'],
  },
  {
    name: 'timer',
    entry: 'timer.lambda.ts',
    triggers: [{ kind: 'schedule', everySeconds: 60 }, { kind: 'deadline' }],
    memoryMiB: 256,
    timeoutSeconds: 30,
    table: 'read-write',
    hasApi: false,
    rings: ['controllers', 'scheduler', 'materializer'],
  },
];
