/**
 * A simulated node. What runs on it is the ground truth: containers go on while the node is cut off, and end with the
 * machine. It reads what is its own through any process, never going back in time, and reports through the API.
 */
import type { Pod, PodStatus } from '../../../functions/kube/generated/types.ts';
import { isTerminating, nameOf, namespaceOf, uidOf } from '../../../functions/kube/object.ts';
import { isPodReady } from '../../../functions/kube/pod.ts';
import { groupResource, leases, nodes, pods } from '../../../functions/kube/resource-type.ts';
import { hasReason } from '../../../functions/kube/status-error.ts';
import { microTimestamp, timestamp } from '../../../functions/kube/time.ts';
import type { SeededRandom } from '../seeded-random.ts';
import { Caller, nodePatienceMs, type Stage } from './stage.ts';

/** A pod's containers on a machine. */
export interface Running {
  readonly pod: Pod;
  readonly node: string;
  readonly address: string;
  /** Undefined while they run. */
  exitCode: number | undefined;
  isStopping: boolean;
  isReported: boolean;
  /** One report at a time: an older one must not come last. */
  isReporting: boolean;
}

export interface MachineParts {
  readonly stage: Stage;
  readonly random: SeededRandom;
  /** All that run anywhere. */
  readonly running: Set<Running>;
  readonly onStart: (running: Running) => void;
}

const beatMs = 15_000;
const leaseNamespace = 'kube-node-lease';
const stopMsMax = 8_000;
export const slotsOfMachine = 4;

export class Machine {
  readonly name: string;
  readonly #parts: MachineParts;
  readonly #caller: Caller;
  readonly #own = new Map<string, Running>();
  /** Started once, and never again with this uid. */
  readonly #known = new Set<string>();
  /** Pods that were to end before they had begun. */
  readonly #neverStarted = new Set<string>();
  /** No message leaves it or reaches it. */
  isCutOff = false;
  isOn = true;
  #boot = 0;
  #seen = 0;
  #addresses = 1;

  constructor(number: number, parts: MachineParts) {
    this.name = `node-${number}`;
    this.#parts = parts;
    const user = { name: `system:node:${this.name}`, groups: ['system:nodes', 'system:authenticated'] };
    this.#caller = new Caller(parts.stage, parts.random.fork(), { user, patienceMs: nodePatienceMs });
  }

  get #isHeard(): boolean {
    return this.isOn && !this.isCutOff;
  }

  start(): void {
    void this.#follow();
    void this.#beat();
  }

  /** The machine ends, with all that runs on it. */
  crash(): void {
    this.isOn = false;
    this.#boot += 1;
    for (const running of this.#own.values()) this.#parts.running.delete(running);
    this.#own.clear();
  }

  boot(): void {
    this.isOn = true;
    // What ran before is gone: it is started anew.
    this.#known.clear();
  }

  async #follow(): Promise<void> {
    const { stage, random } = this.#parts;
    for (;;) {
      await stage.sleep(random.between(300, 1500));
      if (this.#isHeard) this.#read();
    }
  }

  #read(): void {
    const { stage, random } = this.#parts;
    const members = [...stage.members].filter(({ process }) => !process.isFrozen);
    if (members.length === 0) return;
    const view = random.pick(members).store.view();
    if (view.revision < this.#seen) return;
    this.#seen = view.revision;
    const mine = new Map<string, Pod>();
    for (const { object } of view.list(groupResource(pods))) {
      const pod = object as Pod;
      if (pod.spec.nodeName === this.name) mine.set(uidOf(pod), pod);
    }
    for (const [uid, pod] of mine) {
      const running = this.#own.get(uid);
      if (isTerminating(pod)) void this.#stop(pod, running);
      else if (running === undefined && !isFinished(pod) && !this.#known.has(uid)) void this.#start(pod);
      else if (running !== undefined && (!running.isReported || !isShown(pod, running))) void this.#report(running);
    }
    for (const [uid, running] of this.#own) if (!mine.has(uid)) void this.#stop(running.pod, running);
  }

  async #start(pod: Pod): Promise<void> {
    const { stage, random, running, onStart } = this.#parts;
    this.#known.add(uidOf(pod));
    const boot = this.#boot;
    await stage.sleep(random.scale(50, 4000));
    if (boot !== this.#boot || this.#neverStarted.has(uidOf(pod))) return;
    this.#addresses += 1;
    const address = `10.244.${this.name.slice('node-'.length)}.${this.#addresses % 250}`;
    const made: Running = { pod, node: this.name, address, exitCode: undefined, isStopping: false, isReported: false, isReporting: false };
    this.#own.set(uidOf(pod), made);
    running.add(made);
    onStart(made);
    const play = pod.metadata.annotations?.['play'] ?? '';
    if (play.startsWith('exit ')) void this.#exitLater(made, exitCodeOf(play, random), boot);
    await this.#report(made);
  }

  async #exitLater(made: Running, exitCode: number, boot: number): Promise<void> {
    const { stage, random, running } = this.#parts;
    await stage.sleep(random.scale(500, 20_000));
    if (boot !== this.#boot || made.isStopping) return;
    made.exitCode = exitCode;
    made.isReported = false;
    running.delete(made);
    await this.#report(made);
  }

  async #stop(pod: Pod, running: Running | undefined): Promise<void> {
    const { stage, random } = this.#parts;
    const boot = this.#boot;
    if (running !== undefined) {
      if (running.isStopping) return;
      running.isStopping = true;
      await stage.sleep(random.scale(50, stopMsMax));
      if (boot !== this.#boot) return;
      this.#parts.running.delete(running);
    }
    const at = { namespace: namespaceOf(pod), name: nameOf(pod) };
    this.#known.add(uidOf(pod));
    if (running === undefined) this.#neverStarted.add(uidOf(pod));
    // A pod that ended keeps how it ended; others end now.
    if (running !== undefined && running.exitCode === undefined) {
      running.exitCode = 137;
      running.isReported = false;
    }
    if (running !== undefined && !running.isReported) await this.#report(running);
    const options = { gracePeriodSeconds: 0, preconditions: { uid: uidOf(pod) } };
    const answer = await this.#caller.once((client) => client.delete(pods, at, options));
    const isDone = answer.outcome === 'answered' || (answer.outcome === 'refused' && isGone(answer.error));
    if (isDone) this.#own.delete(uidOf(pod));
    else if (running !== undefined) running.isStopping = false;
  }

  async #report(running: Running): Promise<void> {
    if (running.isReporting) return;
    running.isReporting = true;
    do {
      running.isReported = true;
      if (!(await this.#send(running))) running.isReported = false;
    } while (this.#isHeard && !running.isReported && this.#own.has(uidOf(running.pod)));
    running.isReporting = false;
  }

  /** True once the API knows. */
  async #send(running: Running): Promise<boolean> {
    if (!this.#isHeard) return false;
    const { pod } = running;
    const patch = { metadata: { uid: uidOf(pod) }, status: this.#statusOf(running) };
    const at = { namespace: namespaceOf(pod), name: nameOf(pod) };
    const options = { subresource: 'status', patchType: 'application/strategic-merge-patch+json' } as const;
    const answer = await this.#caller.once((client) => client.patch(pods, at, patch, options));
    if (answer.outcome === 'refused')
      this.#parts.stage.judge.note(this.name, () => `${nameOf(pod)} is not reported: ${String(answer.error)}`);
    return answer.outcome === 'answered' || (answer.outcome === 'refused' && isGone(answer.error));
  }

  #statusOf(running: Running): PodStatus {
    const { pod, exitCode } = running;
    const now = timestamp(this.#parts.stage.timeline.nowMs);
    const podIP = running.address;
    const isRunning = exitCode === undefined;
    const state = isRunning
      ? { running: { startedAt: now } }
      : { terminated: { exitCode, reason: exitCode === 0 ? 'Completed' : 'Error', startedAt: now, finishedAt: now } };
    const ready = isRunning ? 'True' : 'False';
    return {
      phase: phaseOf(running),
      podIP,
      // A list that is merged by its key would keep a former address.
      podIPs: [{ $patch: 'replace' }, { ip: podIP }],
      startTime: now,
      conditions: ['Ready', 'ContainersReady'].map((type) => ({ type, status: ready, lastTransitionTime: now })),
      containerStatuses: pod.spec.containers.map(({ name, image = '' }) => ({
        name,
        image,
        imageID: '',
        restartCount: 0,
        ready: isRunning,
        started: isRunning,
        state,
      })),
    } as PodStatus;
  }

  async #beat(): Promise<void> {
    const { stage, random } = this.#parts;
    for (;;) {
      if (this.#isHeard) void this.#register();
      await stage.sleep(random.between(0.8, 1.1) * beatMs);
    }
  }

  async #register(): Promise<void> {
    const { stage } = this.#parts;
    const { witness } = stage;
    const at = { namespace: leaseNamespace, name: this.name };
    const renewTime = microTimestamp(stage.timeline.nowMs);
    const node = witness.get(nodes, '', this.name);
    if (node === undefined) {
      const labels = { 'kubernetes.io/hostname': this.name, 'kubernetes.io/os': 'linux' };
      await this.#caller.ask((client) => client.create(nodes, { metadata: { name: this.name, labels }, spec: {} }));
    }
    const spec = { holderIdentity: this.name, leaseDurationSeconds: 40, renewTime };
    const answer = await this.#caller.once((client) => client.patch(leases, at, { spec }));
    if (answer.outcome === 'refused' && hasReason(answer.error, 'NotFound'))
      await this.#caller.once((client) => client.create(leases, { metadata: at, spec }));
    const ready = node?.status?.conditions?.find(({ type }) => type === 'Ready');
    if (ready?.status !== 'True') await this.#reportNode();
  }

  async #reportNode(): Promise<void> {
    const now = timestamp(this.#parts.stage.timeline.nowMs);
    const conditions = [{ type: 'Ready', status: 'True', reason: 'KubeletReady', lastHeartbeatTime: now, lastTransitionTime: now }];
    const capacity = { cpu: `${slotsOfMachine}`, memory: '16Gi', pods: '20' };
    const status = { conditions, capacity, allocatable: capacity };
    await this.#caller.once((client) => client.patch(nodes, { namespace: '', name: this.name }, { status }, { subresource: 'status' }));
  }
}

/** What the API shows of it is what it is. */
const isShown = (pod: Pod, running: Running): boolean =>
  pod.status?.phase === phaseOf(running) && isPodReady(pod) === (running.exitCode === undefined);

function phaseOf({ pod, exitCode }: Running): string {
  if (exitCode === undefined || pod.spec.restartPolicy === 'Always') return 'Running';
  return exitCode === 0 ? 'Succeeded' : 'Failed';
}

const isFinished = ({ status }: Pod): boolean => status?.phase === 'Succeeded' || status?.phase === 'Failed';

const isGone = (error: Error): boolean => hasReason(error, 'NotFound') || hasReason(error, 'Conflict') || hasReason(error, 'Invalid');

/** `exit 1 0.3`: the code 1 three times of ten, else 0. */
function exitCodeOf(play: string, random: SeededRandom): number {
  const [, code = '0', share = '1'] = play.split(' ');
  return random.chance(Number(share)) ? Number(code) : 0;
}
