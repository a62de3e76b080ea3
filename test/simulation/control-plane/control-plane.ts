/**
 * One run of a whole control plane in virtual time, all from one seed: processes with the API and the workers, machines, users,
 * and what goes wrong; then calm, in which everything comes to what was asked for, and then to rest. README.md lists what is
 * simulated and what is judged.
 */
import type { WebhookClient } from '../../../functions/apiserver/webhook/webhook-client.ts';
import type { Pod } from '../../../functions/kube/generated/types.ts';
import type { KubeObject } from '../../../functions/kube/object.ts';
import { isPodReady } from '../../../functions/kube/pod.ts';
import { namespaces } from '../../../functions/kube/resource-type.ts';
import { memoryTable } from '../../../functions/store/memory/memory-table.ts';
import { WebhookCallError } from '../../../functions/apiserver/webhook/webhook-client.ts';
import { SeededRandom } from '../seeded-random.ts';
import type { Weather } from '../faulty-way.ts';
import { Judge, type Violation } from '../judge.ts';
import type { SimulatedProcess } from '../simulated-process.ts';
import { Timeline } from '../timeline.ts';
import { Doorbell, type RingWeather } from './doorbells.ts';
import { Invariants } from './invariants.ts';
import { Machine, type Running } from './machine.ts';
import { groupNames, Place, type Member } from './member.ts';
import { scenes, type Actor, type Scene, type SceneName } from './scenes.ts';
import { Caller, Stage } from './stage.ts';
import { bootstrapped, signingKeys, startMs } from './template.ts';
import { Witness, witnessed } from './witness.ts';

export interface ControlPlaneOptions {
  readonly seed: number;
  /** What users do; drawn when left out. */
  readonly scenes?: readonly SceneName[];
}

export interface ControlPlaneReport {
  readonly violation: Violation | undefined;
  readonly revisions: number;
  readonly virtualMinutes: number;
  readonly runs: number;
}

const minuteMs = 60_000;
const playMsMax = 60 * minuteMs;
/** Back-offs, evictions and deadlines included. */
const settleMsMax = 40 * minuteMs;
const restMs = 1.6 * minuteMs;
const machineCount = 3;

/** Heartbeats, and what workers note for themselves. */
const isBeat = (resource: string): boolean =>
  resource === 'leases.coordination.k8s.io' || resource === 'events' || resource.endsWith('.hibernetes.dev');

export async function simulateControlPlane(options: ControlPlaneOptions): Promise<ControlPlaneReport> {
  const table = memoryTable({ clock: { now: () => startMs, monotonicMs: never, after: never, sleep: never } });
  const simulation = new ControlPlane(options, table, await signingKeys());
  await simulation.begin(await bootstrapped());
  await simulation.run();
  return simulation.report();
}

const never = (): never => {
  throw new Error('the true table needs no time');
};

class ControlPlane {
  readonly #random: SeededRandom;
  readonly #timeline = new Timeline(startMs);
  readonly #judge = new Judge(this.#timeline);
  readonly #witness = new Witness(this.#timeline);
  readonly #members = new Set<Member>();
  readonly #running = new Set<Running>();
  readonly #stage = new Stage(this.#timeline, this.#judge, this.#witness, this.#members);
  readonly #table: ReturnType<typeof memoryTable>;
  readonly #weather: Weather;
  readonly #rings: RingWeather;
  readonly #places: readonly Place[];
  readonly #machines: readonly Machine[];
  readonly #doorbells: readonly Doorbell[];
  readonly #invariants: Invariants;
  readonly #acts: readonly { readonly scene: Scene; readonly actor: Actor }[];
  readonly #hasNodeTrouble: boolean;
  #isCalm = false;
  /** The last change that is no heartbeat. */
  #changedAtMs = 0;
  #lastChange = '';

  constructor(
    { seed, scenes: given }: ControlPlaneOptions,
    table: ReturnType<typeof memoryTable>,
    keys: Awaited<ReturnType<typeof signingKeys>>,
  ) {
    const random = new SeededRandom(seed);
    this.#random = random;
    this.#table = table;
    const names = given ?? drawn(random);
    this.#hasNodeTrouble = random.chance(0.4);
    this.#weather = weatherOf(random);
    this.#rings = { lost: random.pick([0, 0.1, 0.5]), twice: random.pick([0, 0.3]), superseding: random.pick([0, 0.1, 0.5]) };
    const isPeaceful = !this.#hasNodeTrouble && !names.includes('capacity');
    this.#invariants = new Invariants(this.#judge, this.#witness, this.#running, isPeaceful);
    const parts = {
      timeline: this.#timeline,
      judge: this.#judge,
      table: witnessed(table, this.#witness),
      weather: this.#weather,
      keys,
      webhooks: (process: SimulatedProcess) => this.#webhooks(process, random.fork()),
      onSend: this.#invariants.sent.bind(this.#invariants),
      members: this.#members,
    };
    this.#places = Array.from({ length: random.whole(2, 3) }, (_, number) => new Place(number + 1, parts, random.fork()));
    this.#machines = Array.from({ length: machineCount }, (_, number) => {
      const onStart = (running: Running): void => this.#invariants.started(running);
      return new Machine(number + 1, { stage: this.#stage, random: random.fork(), running: this.#running, onStart });
    });
    this.#doorbells = groupNames.map((group) => {
      const doorbell = {
        timeline: this.#timeline,
        judge: this.#judge,
        random: random.fork(),
        weather: this.#rings,
        members: this.#members,
      };
      return new Doorbell(group, doorbell);
    });
    this.#acts = names.map((name, number) => {
      const forked = random.fork();
      const actor = { stage: this.#stage, random: forked, caller: new Caller(this.#stage, forked.fork()), namespace: `${name}-${number}` };
      return { scene: scenes[name], actor };
    });
    this.#witness.onChange(({ key, type, revision, object }) => {
      if (isBeat(key.resource)) return;
      this.#changedAtMs = this.#timeline.nowMs;
      this.#lastChange = `${type} ${key.resource} ${key.namespace}/${key.name}`;
      this.#judge.note('log', () => `${revision}: ${type} ${key.resource} ${key.namespace}/${key.name} ${shown(object)}`);
      for (const doorbell of this.#doorbells) doorbell.ring();
    });
  }

  async begin(entries: Awaited<ReturnType<typeof bootstrapped>>): Promise<void> {
    const table = witnessed(this.#table, this.#witness);
    for (const entry of entries) await table.appendEntry(entry, startMs);
  }

  report(): ControlPlaneReport {
    return {
      violation: this.#judge.violation,
      revisions: this.#witness.revision,
      virtualMinutes: (this.#timeline.nowMs - startMs) / minuteMs,
      runs: this.#doorbells.reduce((sum, { runs }) => sum + runs, 0),
    };
  }

  async run(): Promise<void> {
    for (const place of this.#places) place.start();
    for (const machine of this.#machines) machine.start();
    for (const doorbell of this.#doorbells) doorbell.start();
    let playing = this.#acts.length;
    for (const { scene, actor } of this.#acts) {
      this.#play(scene, actor)
        .catch((error: Error) => this.#judge.violated('no surprises', String(error.stack)))
        .finally(() => (playing -= 1));
    }
    this.#trouble();
    const isOver = await this.#timeline.runUntil(() => playing === 0, this.#timeline.nowMs + playMsMax);
    if (!isOver) return this.#judge.violated('liveness', 'the users did not come to an end');
    await this.#calm();
  }

  async #play(scene: Scene, actor: Actor): Promise<void> {
    await this.#stage.sleep(this.#random.scale(100, 5000));
    await actor.caller.ask((client) => client.create(namespaces, { metadata: { name: actor.namespace }, spec: {} }));
    await scene.play(actor);
  }

  /** What happens to processes and machines, whatever they do. */
  #trouble(): void {
    this.#timeline.after(this.#random.scale(1000, 40_000), () => {
      if (this.#isCalm) return;
      const place = this.#random.pick(this.#places);
      const what = this.#random.weighted({ die: 2, freeze: 4, throttle: 1, weather: 2, node: this.#hasNodeTrouble ? 4 : 0 });
      if (what === 'die') place.process?.die();
      if (what === 'freeze') place.process?.freeze(this.#random.scale(100, 4 * minuteMs));
      if (what === 'throttle') this.#weather.throttledUntilMs = this.#timeline.nowMs + this.#random.scale(100, 20_000);
      if (what === 'weather') this.#weather.faults = this.#random.pick([0, 0.02, 0.1]);
      if (what === 'node') this.#hurt(this.#random.pick(this.#machines));
      this.#trouble();
    });
  }

  #hurt(machine: Machine): void {
    if (!machine.isOn || machine.isCutOff) return;
    const forMs = this.#random.scale(10_000, 8 * minuteMs);
    const isCut = this.#random.chance(0.5);
    this.#judge.note(machine.name, () => (isCut ? 'is cut off' : 'crashes'));
    if (isCut) machine.isCutOff = true;
    else machine.crash();
    this.#timeline.after(forMs, () => this.#heal(machine));
  }

  #heal(machine: Machine): void {
    if (!machine.isOn) machine.boot();
    machine.isCutOff = false;
    this.#judge.note(machine.name, () => 'is back');
  }

  /** Answers late or never; what asks gives up after its time. */
  #webhooks(process: SimulatedProcess, random: SeededRandom): WebhookClient {
    return {
      post: async (_target, body, { timeoutSeconds }) => {
        const answerMs = random.scale(1, 30_000);
        await process.sleep(Math.min(answerMs, timeoutSeconds * 1000));
        if (answerMs >= timeoutSeconds * 1000) throw new WebhookCallError('context deadline exceeded');
        const { uid } = (body as { request: { uid: string } }).request;
        return { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response: { uid, allowed: true } };
      },
    };
  }

  async #calm(): Promise<void> {
    this.#isCalm = true;
    this.#judge.note('all', () => 'the faults stop');
    Object.assign(this.#weather, { faults: 0, throttledUntilMs: 0 });
    Object.assign(this.#rings, { lost: 0, twice: 0, superseding: 0 });
    for (const machine of this.#machines) this.#heal(machine);
    const isSettled = (): boolean => this.#missing() === undefined;
    for (let untilMs = this.#timeline.nowMs + settleMsMax; this.#timeline.nowMs < untilMs && !isSettled();) {
      await this.#timeline.runFor(2000);
      // What was violated has stopped the time.
      if (this.#timeline.isStopped) return;
    }
    const missing = this.#missing();
    if (missing !== undefined) return this.#judge.violated('settles', missing);
    await this.#rest();
  }

  #missing(): string | undefined {
    for (const { scene, actor } of this.#acts) {
      const missing = scene.missing(actor);
      if (missing !== undefined) return `${actor.namespace}: ${missing}`;
    }
    return this.#invariants.leftover();
  }

  /** A settled world writes nothing more. */
  async #rest(): Promise<void> {
    const begunMs = this.#timeline.nowMs;
    for (let quietFromMs = begunMs; this.#timeline.nowMs - quietFromMs < restMs; quietFromMs = Math.max(quietFromMs, this.#changedAtMs)) {
      await this.#timeline.runFor(5000);
      if (this.#timeline.isStopped) return;
      if (this.#timeline.nowMs - begunMs > settleMsMax) return this.#judge.violated('rest', `still written: ${this.#lastChange}`);
    }
    const missing = this.#missing();
    if (missing !== undefined) this.#judge.violated('settles', `after rest: ${missing}`);
    for (const doorbell of this.#doorbells) doorbell.stop();
  }
}

/** What of an object matters in a history. */
function shown(object: KubeObject): string {
  const { kind, metadata } = object;
  const deleted = metadata.deletionTimestamp === undefined ? '' : ', deleted';
  if (kind === 'Pod') {
    const { spec, status } = object as Pod;
    return `on ${spec.nodeName}, ${status?.phase}, ${isPodReady(object as Pod) ? 'ready' : 'not ready'}${deleted}`;
  }
  const { spec, status } = object as { spec?: { replicas?: number }; status?: { availableReplicas?: number } };
  return spec?.replicas === undefined ? deleted : `wants ${spec.replicas}, available ${status?.availableReplicas}${deleted}`;
}

function drawn(random: SeededRandom): readonly SceneName[] {
  const names = Object.keys(scenes) as SceneName[];
  return Array.from({ length: random.whole(1, 2) }, () => random.pick(names));
}

function weatherOf(random: SeededRandom): Weather {
  return {
    faults: random.pick([0, 0.02, 0.05]),
    throttledUntilMs: 0,
    stall: { advances: false, puts: false },
    frozenStarts: 0,
    isTorn: false,
    fates: { throttled: 1, lost: 1, 'answer lost': 2, late: 0, twice: 1, 'dies before': 1, 'dies after': 2, freezes: 0 },
  };
}
