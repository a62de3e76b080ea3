/** One execution environment of an event function: a process that is frozen whenever it has nothing to do. */
import { fork, type ChildProcess } from 'node:child_process';
import { extname, join } from 'node:path';
import type { World } from '../../../functions/world.ts';
import type { Invocation, RuntimeMessage } from './runtime.ts';

export type InvocationOutcome =
  | { readonly outcome: 'answered'; readonly answer: unknown }
  /** The handler threw, the process ended, or its time was up. */
  | { readonly outcome: 'failed'; readonly why: string };

export interface EnvironmentOptions {
  readonly module: string;
  readonly variables: Readonly<Record<string, string>>;
  readonly timeoutSeconds: number;
  readonly world: World;
  /** Called with every process that starts: its caller can end it even if this one is cut off. */
  readonly started: (child: ChildProcess) => void;
}

const runtime = join(import.meta.dirname, `runtime${extname(import.meta.filename)}`);
/** Source: Lambda's limit for initialisation. */
const initMsMax = 10_000;

export class Environment {
  readonly bornMs: number;
  readonly #options: EnvironmentOptions;
  readonly #process: ChildProcess;
  #invocations = 0;
  #settle: ((outcome: InvocationOutcome) => void) | undefined;
  #isOver = false;

  constructor(options: EnvironmentOptions) {
    this.#options = options;
    this.bornMs = options.world.clock.monotonicMs();
    this.#process = fork(runtime, [options.module], {
      env: { ...options.variables },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      execArgv: [],
    });
    options.started(this.#process);
    this.#process.on('message', (message: RuntimeMessage) => this.#hear(message));
    this.#process.on('exit', (code, signal) => {
      this.#isOver = true;
      this.#settle?.({ outcome: 'failed', why: `the process ended with ${signal ?? code}` });
    });
  }

  /** Whether the environment can be invoked again. */
  get isAlive(): boolean {
    return !this.#isOver;
  }

  /** The first one waits for the module to be loaded. */
  async invoke(event: object): Promise<InvocationOutcome> {
    const { clock } = this.#options.world;
    const { timeoutSeconds } = this.#options;
    const id = (this.#invocations += 1);
    const limitMs = timeoutSeconds * 1000 + (id === 1 ? initMsMax : 0);
    const settled = new Promise<InvocationOutcome>((resolve) => (this.#settle = resolve));
    const cancel = clock.after(limitMs, () => {
      this.#settle?.({ outcome: 'failed', why: `timed out after ${timeoutSeconds} s` });
      this.kill();
    });
    this.#signal('SIGCONT');
    if (this.#isOver) this.#settle?.({ outcome: 'failed', why: 'the process has ended' });
    else this.#process.send({ id, event, timeoutMs: timeoutSeconds * 1000 } satisfies Invocation);
    const outcome = await settled;
    cancel();
    this.#settle = undefined;
    // Nothing goes on between two invocations: what the handler left undone waits with it.
    this.#signal('SIGSTOP');
    return outcome;
  }

  kill(): void {
    this.#isOver = true;
    this.#process.kill('SIGKILL');
  }

  #signal(signal: 'SIGCONT' | 'SIGSTOP'): void {
    if (!this.#isOver) this.#process.kill(signal);
  }

  #hear(message: RuntimeMessage): void {
    if (message.type === 'answer' && message.id === this.#invocations) this.#settle?.({ outcome: 'answered', answer: message.answer });
    if (message.type === 'error' && message.id === this.#invocations) this.#settle?.({ outcome: 'failed', why: message.message });
  }
}
