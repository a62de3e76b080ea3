/**
 * Which functions exist and what wakes them. Pure data: `infra/aws` turns it into a cloud stack, `infra/local` into
 * one process.
 */
export type Trigger =
  | { readonly kind: 'https' }
  /** A ring on the doorbell of this message group: something new may be in the log. */
  | { readonly kind: 'doorbell'; readonly group: string }
  | { readonly kind: 'schedule'; readonly everySeconds: number };

export interface FunctionSpec {
  readonly name: string;
  readonly triggers: readonly Trigger[];
  readonly memoryMiB: number;
  readonly timeoutSeconds: number;
  readonly table: 'read' | 'read-write';
}

export const manifest: readonly FunctionSpec[] = [
  { name: 'api', triggers: [{ kind: 'https' }], memoryMiB: 2048, timeoutSeconds: 900, table: 'read-write' },
  {
    name: 'controllers',
    triggers: [{ kind: 'doorbell', group: 'controllers' }],
    memoryMiB: 1024,
    timeoutSeconds: 60,
    table: 'read-write',
  },
  {
    name: 'scheduler',
    triggers: [{ kind: 'doorbell', group: 'scheduler' }],
    memoryMiB: 1024,
    timeoutSeconds: 60,
    table: 'read-write',
  },
  {
    name: 'timer',
    triggers: [{ kind: 'schedule', everySeconds: 60 }],
    memoryMiB: 256,
    timeoutSeconds: 30,
    table: 'read-write',
  },
];
