/**
 * What wakes the workers: rings that come late, twice or not at all, deadlines, and a timer for what was missed. One run of a
 * group runs at a time, but for a worker that was held up: its successor begins while it is still there.
 */
import type { ControllerGroupName } from '../../../functions/worker-groups.ts';
import type { RunOutcome } from '../../../functions/workers/run.ts';
import type { SeededRandom } from '../seeded-random.ts';
import type { Judge } from '../judge.ts';
import type { Timeline } from '../timeline.ts';
import type { Member } from './member.ts';

export interface RingWeather {
  /** The share of rings that are lost, and that come twice. */
  lost: number;
  twice: number;
  /** The share of runs that begin beside another one. */
  superseding: number;
}

export interface DoorbellParts {
  readonly timeline: Timeline;
  readonly judge: Judge;
  readonly random: SeededRandom;
  readonly weather: RingWeather;
  readonly members: ReadonlySet<Member>;
}

const backstopMs = 60_000;
/** A worker that is held up for longer is given up. */
const runMsMax = 75_000;
const failureMs = 5_000;
/** Many changes at once ring once. */
const lateMs = { min: 2, max: 400 };

export class Doorbell {
  readonly #group: ControllerGroupName;
  readonly #parts: DoorbellParts;
  #running = 0;
  /** A process has one run at a time, also one that was given up. */
  readonly #busy = new Set<Member>();
  #isRung = false;
  #isComing = false;
  #isStopped = false;
  #deadlineMs = Number.POSITIVE_INFINITY;
  runs = 0;

  constructor(group: ControllerGroupName, parts: DoorbellParts) {
    this.#group = group;
    this.#parts = parts;
  }

  start(): void {
    this.#deliver();
    this.#keepTime();
  }

  stop(): void {
    this.#isStopped = true;
  }

  ring(): void {
    const { random, weather } = this.#parts;
    if (this.#isComing || random.chance(weather.lost)) return;
    this.#isComing = true;
    this.#after(random.scale(lateMs.min, lateMs.max), () => {
      this.#isComing = false;
      this.#deliver();
    });
    if (random.chance(weather.twice)) this.#after(random.scale(lateMs.min, 10 * lateMs.max), () => this.#deliver());
  }

  #after(ms: number, run: () => void): void {
    this.#parts.timeline.after(ms, () => {
      if (!this.#isStopped) run();
    });
  }

  #keepTime(): void {
    this.#after(backstopMs, () => {
      this.#deliver();
      this.#keepTime();
    });
  }

  #deliver(): void {
    const { random, weather, members } = this.#parts;
    const isBeside = this.#running > 0 && random.chance(weather.superseding);
    const ready = [...members].filter((member) => !member.process.isFrozen && !this.#busy.has(member));
    if ((this.#running > 0 && !isBeside) || ready.length === 0) {
      this.#isRung = true;
      if (ready.length === 0) this.#after(failureMs, () => this.#deliver());
      return;
    }
    this.#isRung = false;
    void this.#run(random.pick(ready));
  }

  async #run(member: Member): Promise<void> {
    const { timeline, judge } = this.#parts;
    this.#running += 1;
    this.runs += 1;
    const { process } = member;
    this.#busy.add(member);
    judge.note(process.name, () => `a run of ${this.#group} begins`);
    const ending = new AbortController();
    const outcome = await new Promise<RunOutcome | undefined>((resolve) => {
      process.onDeath(() => resolve(undefined));
      timeline.after(runMsMax, () => resolve(undefined));
      const run = member.groups[this.#group].run(ending.signal).finally(() => this.#busy.delete(member));
      run.then(resolve, (error: unknown) => {
        judge.note(process.name, () => `the run of ${this.#group} fails: ${String(error)}`);
        resolve(undefined);
      });
    });
    judge.note(process.name, () => `the run of ${this.#group} ends: ${JSON.stringify(outcome)}`);
    // What is over can still be under way in a process that was held up.
    this.#running -= 1;
    if (this.#isStopped) return;
    if (outcome === undefined) this.#after(failureMs, () => this.#deliver());
    else if (outcome.outcome === 'more' || this.#isRung) this.#deliver();
    else this.#setDeadline(outcome.nextDeadlineMs, process.clock.now());
  }

  #setDeadline(deadlineMs: number | undefined, nowMs: number): void {
    if (deadlineMs === undefined) return;
    const { timeline } = this.#parts;
    const atMs = timeline.nowMs + Math.max(0, deadlineMs - nowMs);
    if (this.#deadlineMs > timeline.nowMs && this.#deadlineMs <= atMs) return;
    this.#deadlineMs = atMs;
    this.#after(atMs - timeline.nowMs, () => this.#deliver());
  }
}
