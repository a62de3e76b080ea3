/**
 * Runs inside an execution environment: loads the bundled handler and calls it, as Lambda's own runtime for Node does.
 * The invoker speaks to it over the process's channel, and freezes the process in between.
 */
import type { InvocationContext } from '../../../functions/lambda/event-sources.ts';

export interface Invocation {
  readonly id: number;
  readonly event: object;
  /** From the moment at which the handler is called. */
  readonly timeoutMs: number;
}

export type RuntimeMessage =
  | { readonly type: 'ready' }
  | { readonly type: 'answer'; readonly id: number; readonly answer: unknown }
  | { readonly type: 'error'; readonly id: number; readonly message: string };

type Handler = (event: object, context: InvocationContext) => Promise<unknown>;

const send = (message: RuntimeMessage): void => void process.send?.(message);

async function invoke(handler: Handler, { id, event, timeoutMs }: Invocation): Promise<void> {
  const deadlineMs = Date.now() + timeoutMs;
  try {
    const answer = await handler(event, { getRemainingTimeInMillis: () => deadlineMs - Date.now() });
    send({ type: 'answer', id, answer });
  } catch (error) {
    send({ type: 'error', id, message: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  }
}

const { handler } = (await import(process.argv[2] ?? '')) as { readonly handler: Handler };
process.on('message', (invocation: Invocation) => void invoke(handler, invocation));
process.on('disconnect', () => process.exit());
send({ type: 'ready' });
