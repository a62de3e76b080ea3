/** What the players of a simulated control plane share: time, chance, the true state, and a way to ask the API. */
import type { User } from '../../../functions/apiserver/ports.ts';
import type { Client } from '../../../functions/client/client.ts';
import { StatusError } from '../../../functions/kube/status-error.ts';
import { admin } from '../../support/api-server.ts';
import type { SeededRandom } from '../seeded-random.ts';
import type { Judge } from '../judge.ts';
import type { Timeline } from '../timeline.ts';
import type { Member } from './member.ts';
import type { Witness } from './witness.ts';

export type Answer<T> =
  | { readonly outcome: 'answered'; readonly value: T }
  | { readonly outcome: 'refused'; readonly error: StatusError }
  /** The request may have been done. */
  | { readonly outcome: 'unknown' };

/** How long kubectl's users and nodes wait. */
const patienceMs = 40_000;
export const nodePatienceMs = 10_000;
const triesMax = 60;

interface Asking {
  readonly random: SeededRandom;
  readonly user: User;
  readonly patienceMs: number;
}

export class Stage {
  readonly timeline: Timeline;
  readonly judge: Judge;
  readonly witness: Witness;
  readonly members: ReadonlySet<Member>;

  constructor(timeline: Timeline, judge: Judge, witness: Witness, members: ReadonlySet<Member>) {
    this.timeline = timeline;
    this.judge = judge;
    this.witness = witness;
    this.members = members;
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.timeline.after(ms, resolve));
  }

  /** One request to any process, answered within a client's patience or not at all. */
  async ask<T>({ random, user, patienceMs: ms }: Asking, request: (client: Client) => Promise<T>): Promise<Answer<T>> {
    const ready = [...this.members];
    if (ready.length === 0) {
      await this.sleep(1000);
      return { outcome: 'unknown' };
    }
    const { process, api } = random.pick(ready);
    return new Promise((resolve) => {
      const unknown = (): void => resolve({ outcome: 'unknown' });
      this.timeline.after(ms, unknown);
      process.onDeath(unknown);
      process.at(this.timeline.nowMs + random.scale(0.1, 5), () => {
        request(api.clientFor(user)).then(
          (value) => resolve({ outcome: 'answered', value }),
          (error: unknown) => {
            if (error instanceof StatusError) resolve({ outcome: 'refused', error });
            else {
              this.judge.violated('no surprises', `a request of ${user.name} on ${process.name}: ${String((error as Error).stack)}`);
              unknown();
            }
          },
        );
      });
    });
  }
}

const isPassing = ({ code, reason }: StatusError): boolean =>
  code >= 500 || code === 429 || reason === 'Conflict' || reason === 'Timeout' || reason === 'TooManyRequests';

/** A client that asks again until there is an answer. */
export class Caller {
  readonly #stage: Stage;
  readonly #asking: Asking;

  constructor(stage: Stage, random: SeededRandom, who: Partial<Asking> = {}) {
    this.#stage = stage;
    this.#asking = { user: admin, patienceMs, ...who, random };
  }

  /** The answer, or the refusal that asking again does not change. */
  async ask<T>(request: (client: Client) => Promise<T>): Promise<Answer<T>> {
    for (let tries = 0; tries < triesMax; tries += 1) {
      const answer = await this.#stage.ask(this.#asking, request);
      if (answer.outcome === 'answered' || (answer.outcome === 'refused' && !isPassing(answer.error))) return answer;
      await this.#stage.sleep(this.#asking.random.scale(200, 3000));
    }
    return { outcome: 'unknown' };
  }

  once<T>(request: (client: Client) => Promise<T>): Promise<Answer<T>> {
    return this.#stage.ask(this.#asking, request);
  }
}
