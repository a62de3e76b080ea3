/**
 * Lets requests in by the cluster's priority levels and flow schemas. So one user's flood does not delay other users.
 *
 * A process runs a limited number of requests at once. Each level has its part of them, lends what it does not use, and
 * may borrow what others lend. What finds no room waits in the queues of its level, or is turned away.
 * Nothing runs between requests but a callback a turn while some wait: no timer, no measure of the past.
 * Source: apiserver, pkg/util/flowcontrol. Ours lends from one moment to the next instead of every ten seconds, and every
 * request has the width of one seat.
 */
import type { FlowSchema, PriorityLevelConfiguration } from '../../kube/generated/types.ts';
import { derived } from '../../kube/derived.ts';
import { nameOf, uidOf } from '../../kube/object.ts';
import { flowSchemas, groupResource, priorityLevelConfigurations } from '../../kube/resource-type.ts';
import type { StoreView } from '../../kube/view.ts';
import { readable } from '../../kube/unreadable-object.ts';
import { flowSchemas as bootstrapSchemas, priorityLevels as bootstrapLevels } from '../../resources/bootstrap/flow-control.ts';
import type { Clock } from '../../world.ts';
import type { RequestInfo, User } from '../ports.ts';
import { Arrivals } from './arrivals.ts';
import { Crowd } from './crowd.ts';
import { type Flow, flowOf, type FlowSchemas, orderedSchemas } from './flow-schemas.ts';
import type { LevelQueues, Running } from './level-queues.ts';
import { Levels } from './levels.ts';
import { LongRunning } from './long-running.ts';
import { tooManyRequests } from './too-many-requests.ts';
import { type Release, Uploads } from './uploads.ts';

export interface FlowControlOptions {
  view(): StoreView;
  /** Without turns, requests that wait begin as soon as there is room. */
  readonly clock: Pick<Clock, 'monotonicMs' | 'after' | 'nextTurn'>;
  /** Requests that run at once. */
  readonly seats?: number;
}

/**
 * The seats of reads and writes together, as upstream adds up its two limits. Upstream's 600 would keep one processor busy for
 * long: during a flood of 300 a node's write took 30 times as long as before it. `npm run bench:fairness` measures it.
 */
export const seatsDefault = 30;

/** Source: pkg/server/config.go: a quarter of the time that a request has. */
export const waitSecondsMax = 15;

/** The place of a request in its level. */
export interface Turn {
  /** Headers of the answer. */
  readonly headers: Readonly<Record<string, string>>;
  /** Resolves when the request may run. Throws TooManyRequests. */
  begin(signal: AbortSignal): Promise<void>;
  /** It runs no more. May be called more than once, and without a beginning. */
  end(): void;
}

export interface FlowControl {
  /** Where requests of the caller came in this turn of the event loop, it waits for a later one. Throws TooManyRequests. */
  arrive(caller: string): Promise<void> | undefined;
  /** `isOwn`: of a worker of this process. */
  turnOf(user: User, info: RequestInfo, isOwn: boolean): Turn;
  /** Waits for the body of a request before its turn. Throws TooManyRequests. */
  receive(user: User, request: Request): Promise<Release>;
  /** Counts a watch, a poll or a connection of a user. Throws TooManyRequests; returns what ends it. */
  hold(user: User, info: RequestInfo): () => void;
}

interface Configuration {
  readonly levels: readonly PriorityLevelConfiguration[];
  readonly schemas: FlowSchemas;
}

const resources = [groupResource(flowSchemas), groupResource(priorityLevelConfigurations)] as const;

function configurationOf(view: StoreView): Configuration {
  const [schemaObjects = [], levelObjects = []] = resources.map((resource) => readable(view.list(resource)).map(({ object }) => object));
  const levels = withMandatory(levelObjects as PriorityLevelConfiguration[], bootstrapLevels);
  return { levels, schemas: orderedSchemas(withMandatory(schemaObjects as FlowSchema[], bootstrapSchemas), levels) };
}

const mandatory = (name: string): boolean => name === 'exempt' || name === 'catch-all';

export function createFlowControl({ view, clock, seats = seatsDefault }: FlowControlOptions): FlowControl {
  const crowd = new Crowd(clock);
  const levels = new Levels({ seats, clock, crowd });
  const arrivals = new Arrivals(clock);
  const longRunning = new LongRunning();
  const uploads = new Uploads(clock);
  const configurationAt = derived(resources, configurationOf);
  let configuration: Configuration | undefined;

  const schemas = (): FlowSchemas => {
    const now = configurationAt(view());
    if (now !== configuration) levels.configure(now.levels);
    configuration = now;
    return now.schemas;
  };

  return {
    arrive: (caller) => arrivals.turnOf(caller),
    turnOf(user, info, isOwn) {
      const flow = flowOf(schemas(), user, info);
      const level = flow === undefined || isExempt(flow) ? undefined : levels.get(nameOf(flow.level));
      const headers = flow === undefined ? {} : headersOf(flow);
      const parts = flow === undefined ? [user.name] : [nameOf(flow.schema), flow.distinguisher];
      const key = isOwn ? undefined : parts.join('\0');
      if (key !== undefined) crowd.arrived(key);
      if (level === undefined) return { headers, begin: async () => undefined, end: () => undefined };
      return new LimitedTurn({ headers, levels, level, clock, flow: parts, crowd, key });
    },
    receive: (user, request) => uploads.receive(user.name, request),
    hold(user, info) {
      const flow = flowOf(schemas(), user, info);
      return flow !== undefined && isExempt(flow) ? () => undefined : longRunning.hold(user.name);
    },
  };
}

const isExempt = ({ level }: Flow): boolean => level.spec?.type === 'Exempt';

interface LimitedTurnParts extends Pick<Turn, 'headers'>, Pick<FlowControlOptions, 'clock'> {
  readonly levels: Levels;
  readonly level: LevelQueues;
  readonly flow: readonly string[];
  readonly crowd: Crowd;
  /** The flow in the crowd. Workers of this process are not of it. */
  readonly key: string | undefined;
}

class LimitedTurn implements Turn {
  readonly headers: Turn['headers'];
  readonly #parts: LimitedTurnParts;
  #running: { readonly seat: Running; leaveCrowd(): void } | undefined;

  constructor(parts: LimitedTurnParts) {
    this.headers = parts.headers;
    this.#parts = parts;
  }

  async begin(signal: AbortSignal): Promise<void> {
    const { level, levels, flow, key } = this.#parts;
    const queue = level.queueFor(flow);
    if (levels.mayBegin(level, queue, key)) this.#start(queue);
    else await this.#wait(queue, signal);
  }

  end(): void {
    const { level, levels, clock } = this.#parts;
    if (this.#running === undefined) return;
    level.finish(this.#running.seat, clock.monotonicMs());
    this.#running.leaveCrowd();
    this.#running = undefined;
    levels.startWaiting();
  }

  #start(queue: Running['queue']): void {
    const { level, clock, crowd, key } = this.#parts;
    this.#running = {
      seat: level.start(queue, clock.monotonicMs()),
      leaveCrowd: key === undefined ? () => undefined : crowd.began(key),
    };
  }

  #wait(queue: Running['queue'], signal: AbortSignal): Promise<void> {
    const { level, clock, key } = this.#parts;
    return new Promise((resolve, reject) => {
      const waiting = {
        key,
        start: (): void => {
          stop();
          this.#start(queue);
          resolve();
        },
      };
      const giveUp = (): void => {
        stop();
        level.withdraw(queue, waiting);
        reject(tooManyRequests());
      };
      const cancel = clock.after(waitSecondsMax * 1000, giveUp);
      const stop = (): void => {
        cancel();
        signal.removeEventListener('abort', giveUp);
      };
      signal.addEventListener('abort', giveUp, { once: true });
      if (!level.enqueue(queue, waiting)) giveUp();
    });
  }
}

/** What a cluster has even where it is not stored yet. */
const withMandatory = <T extends FlowSchema | PriorityLevelConfiguration>(stored: readonly T[], all: readonly T[]): readonly T[] => [
  ...stored,
  ...all.filter((object) => mandatory(nameOf(object)) && !stored.some((one) => nameOf(one) === nameOf(object))),
];

function headersOf({ schema, level }: Flow): Readonly<Record<string, string>> {
  if (uidOf(schema) === '' || uidOf(level) === '') return {};
  return { 'x-kubernetes-pf-flowschema-uid': uidOf(schema), 'x-kubernetes-pf-prioritylevel-uid': uidOf(level) };
}
