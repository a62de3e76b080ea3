/** An event function: one invocation an environment, a new environment when all are busy, cold ones now and then. */
import type { World } from '../../../functions/world.ts';
import { Environment, type EnvironmentOptions, type InvocationOutcome } from './environment.ts';
import type { Faults } from './faults.ts';

export interface EventFunctionOptions extends EnvironmentOptions {
  readonly name: string;
  readonly faults: Faults;
}

export interface FunctionCounts {
  invocations: number;
  coldStarts: number;
  failures: number;
}

/** Source: about as long as Lambda keeps an idle environment. */
const idleMsMax = 300_000;
/** The most environments of one function, as a reserved concurrency would limit them. */
const environmentsMax = 10;
/** Most invocations of a warm environment take about this long. */
const killWithinMs = 30;

export class EventFunction {
  readonly counts: FunctionCounts = { invocations: 0, coldStarts: 0, failures: 0 };
  readonly #options: EventFunctionOptions;
  readonly #world: World;
  readonly #idle: Environment[] = [];
  readonly #all = new Set<Environment>();
  readonly #waiting: (() => void)[] = [];
  #isStopped = false;

  constructor(options: EventFunctionOptions) {
    this.#options = options;
    this.#world = options.world;
  }

  async invoke(event: object): Promise<InvocationOutcome> {
    const environment = await this.#take();
    if (environment === undefined) return { outcome: 'failed', why: 'the function is being removed' };
    this.counts.invocations += 1;
    const cancel = this.#mayKill(environment);
    const outcome = await environment.invoke(event);
    cancel();
    this.#giveBack(environment);
    if (outcome.outcome === 'failed' && !this.#isStopped) {
      this.counts.failures += 1;
      this.#world.log.warn('an invocation failed', { function: this.#options.name, why: outcome.why });
    }
    return outcome;
  }

  stop(): void {
    this.#isStopped = true;
    for (const environment of this.#all) environment.kill();
    for (const wake of this.#waiting.splice(0)) wake();
  }

  async #take(): Promise<Environment | undefined> {
    for (;;) {
      if (this.#isStopped) return undefined;
      const warm = this.#idle.pop();
      if (warm !== undefined && this.#isFit(warm)) return warm;
      if (warm !== undefined) this.#discard(warm);
      else if (this.#all.size < environmentsMax) return this.#create();
      else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  #isFit(environment: Environment): boolean {
    const ageMs = this.#world.clock.monotonicMs() - environment.bornMs;
    return environment.isAlive && ageMs < (this.#options.faults.coldEveryMs ?? Infinity);
  }

  #create(): Environment {
    this.counts.coldStarts += 1;
    const environment = new Environment(this.#options);
    this.#all.add(environment);
    return environment;
  }

  #discard(environment: Environment): void {
    environment.kill();
    this.#all.delete(environment);
  }

  #giveBack(environment: Environment): void {
    if (environment.isAlive && !this.#isStopped) {
      this.#idle.push(environment);
      this.#world.clock.after(idleMsMax, () => this.#retire());
    } else this.#discard(environment);
    this.#waiting.shift()?.();
  }

  /** Ends the oldest idle process, unless it is the only one. */
  #retire(): void {
    const oldest = this.#idle.length > 1 ? this.#idle.shift() : undefined;
    if (oldest !== undefined) this.#discard(oldest);
  }

  #mayKill(environment: Environment): () => void {
    const { killEvery } = this.#options.faults;
    if (killEvery === undefined || this.counts.invocations % killEvery !== 0) return () => undefined;
    return this.#world.clock.after(this.#world.random.next() * killWithinMs, () => environment.kill());
  }
}
