/**
 * One process of the control plane: a store, the API on it, and both groups of workers, on clocks of its own. A place runs
 * one after the other; each starts cold.
 */
import { createApi, type Api } from '../../../functions/api.ts';
import { admissionPlugins } from '../../../functions/apiserver/admission/admission-plugins.ts';
import type { WebhookClient } from '../../../functions/apiserver/webhook/webhook-client.ts';
import { createTokens } from '../../../functions/apiserver/auth/tokens.ts';
import type { SigningKeys } from '../../../functions/apiserver/auth/keys.ts';
import { openClusterStore } from '../../../functions/cluster-store.ts';
import type { Store } from '../../../functions/store/store.ts';
import type { Table } from '../../../functions/store/table.ts';
import { type ControllerGroupName, loadWorkerGroup, type WorkerGroup } from '../../../functions/worker-groups.ts';
import { createCache } from '../../../functions/workers/cache.ts';
import type { SeededRandom } from '../seeded-random.ts';
import { FaultyWay, type Weather } from '../faulty-way.ts';
import { expectUnavailable } from '../host.ts';
import type { Judge } from '../judge.ts';
import { SimulatedProcess } from '../simulated-process.ts';
import type { Timeline } from '../timeline.ts';
import { observed, type SendListener } from './observed.ts';

export const groupNames = ['controllers', 'scheduler'] as const satisfies readonly ControllerGroupName[];

/** Clocks of servers that are set by NTP, badly. */
const skewMsMax = 2_000;

export interface Member {
  readonly process: SimulatedProcess;
  readonly store: Store;
  readonly api: Api;
  readonly groups: Readonly<Record<ControllerGroupName, WorkerGroup>>;
}

export interface PlaceParts {
  readonly timeline: Timeline;
  readonly judge: Judge;
  readonly table: Table;
  readonly weather: Weather;
  readonly keys: SigningKeys;
  readonly webhooks: (process: SimulatedProcess) => WebhookClient;
  /** Sees what workers are about to send. */
  readonly onSend: SendListener;
  readonly members: Set<Member>;
}

export class Place {
  readonly #number: number;
  readonly #parts: PlaceParts;
  readonly #random: SeededRandom;
  #lives = 0;
  #member: Member | undefined;
  #process: SimulatedProcess | undefined;

  constructor(number: number, parts: PlaceParts, random: SeededRandom) {
    this.#number = number;
    this.#parts = parts;
    this.#random = random;
  }

  get process(): SimulatedProcess | undefined {
    return this.#process;
  }

  get member(): Member | undefined {
    return this.#member;
  }

  start(): void {
    const { timeline, judge, members, table, weather } = this.#parts;
    this.#lives += 1;
    const process = new SimulatedProcess(`process ${this.#number}.${this.#lives}`, timeline, this.#random.fork(), { skewMs: skewMsMax });
    this.#process = process;
    process.onDeath(() => {
      judge.note(process.name, () => 'dies');
      if (this.#member !== undefined) members.delete(this.#member);
      this.#member = undefined;
      timeline.after(this.#random.scale(100, 20_000), () => this.start());
    });
    const way = new FaultyWay({ table, timeline, process, random: this.#random.fork(), weather, judge });
    this.#open(process, way).catch((error: Error) => judge.violated('no surprises', `${process.name}: ${error.stack}`));
  }

  async #open(process: SimulatedProcess, table: Table): Promise<void> {
    for (;;) {
      const opened = await openClusterStore({ table, world: process }).catch(expectUnavailable);
      if (opened === undefined) {
        await process.sleep(1000);
        continue;
      }
      const { store, registry } = opened;
      const tokens = createTokens({ keys: this.#parts.keys, clock: process.clock, random: process.random });
      const client = this.#parts.webhooks(process);
      const api = createApi({
        store,
        registry,
        tokens,
        world: process,
        hasControllers: true,
        checksApiServices: false,
        admission: (options) =>
          admissionPlugins(options.webhooks === undefined ? options : { ...options, webhooks: { ...options.webhooks, client } }),
      });
      const cache = createCache(store);
      const groups = await Promise.all(
        groupNames.map(async (name) => {
          const create = await loadWorkerGroup(name);
          const workersApi = observed(api, (sent) => this.#parts.onSend(sent, store));
          return create({
            store,
            cache,
            api: workersApi,
            registry,
            certificateAuthorityPem: 'PEM',
            codeVersion: 'simulated',
            world: process,
          });
        }),
      );
      const [controllers, scheduler] = groups as [WorkerGroup, WorkerGroup];
      this.#member = { process, store, api, groups: { controllers, scheduler } };
      this.#parts.members.add(this.#member);
      return;
    }
  }
}
