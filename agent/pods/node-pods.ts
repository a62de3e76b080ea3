/** The workers of a node's pods: one for each that is wanted, and one for each that is there although it is not. */
import type { Pod, PodStatus, Probe } from '../../functions/kube/generated/types.ts';
import { uidOf } from '../../functions/kube/object.ts';
import type { DesiredState } from '../desired-state.ts';
import type { PollLoop } from '../poll.ts';
import type { CheckResult } from '../probes/checks.ts';
import type { ProbeCounts } from '../probes/probe-counts.ts';
import { createProber, type CheckInput } from '../probes/prober.ts';
import { hasEnded } from './end-plan.ts';
import { fullName, isStatic } from '../static-pods/static-pod.ts';
import type { StaticPods } from '../static-pods/static-pods.ts';
import type { NodeContext } from './node-context.ts';
import type { NodeEnding } from './node-ending.ts';
import { runtimeFingerprints } from './observer.ts';
import type { FileOwner } from './pod-files.ts';
import { recordContainerEvent } from './pod-events.ts';
import { isTerminalPhase, specOf } from './pod-facts.ts';
import { createPodWorker, type PodWorker } from './pod-worker.ts';

export interface NodePods {
  /** Brings the workers in line with what is wanted now. */
  sync(changedKinds: ReadonlySet<string>): void;
  /** Lists the runtime's containers and wakes the workers of pods that changed. */
  relist(): Promise<void>;
  /** Also by the uid of its mirror. */
  pod(podUid: string): Pod | undefined;
  /** Ends the pod as Failed. */
  end(podUid: string, ending: NodeEnding): void;
  /** Nothing of the pod runs any more. */
  hasEnded(podUid: string): boolean;
  /** All that are wanted, with their newest status. */
  all(): readonly Pod[];
  run(signal: AbortSignal): Promise<void>;
}

export interface NodePodsOptions {
  readonly context: NodeContext;
  readonly nodeName: string;
  readonly desired: DesiredState;
  readonly poll: Pick<PollLoop, 'report' | 'isOverruled' | 'forget'>;
  readonly check: (probe: Probe, input: CheckInput) => Promise<CheckResult>;
  readonly probeCounts?: ProbeCounts | undefined;
  /** Hears how pods of the node's own end. Left out: it has none. */
  readonly staticPods?: Pick<StaticPods, 'finished' | 'released'>;
}

/** A pod made from a sandbox's labels: the API no longer has it. */
const orphan = ({ podName, podNamespace, podUid }: FileOwner): Pod => ({
  metadata: { name: podName, namespace: podNamespace, uid: podUid },
  spec: { containers: [] },
});

export function createNodePods(options: NodePodsOptions): NodePods {
  return new Pods(options);
}

/** Kinds whose content volumes show. */
const mountedKinds = ['ConfigMap', 'Secret', 'ClusterTrustBundle', 'PersistentVolume', 'PersistentVolumeClaim'] as const;

class Pods implements NodePods {
  readonly #options: NodePodsOptions;
  readonly #workers = new Map<string, PodWorker>();
  readonly #running = new Set<Promise<void>>();
  /** By uid, as of the last answer. */
  #mirrors: ReadonlySet<string> = new Set();
  #fingerprints: ReadonlyMap<string, string> = new Map();
  #lifetime: AbortSignal | undefined;
  /** What an agent before this one left of pods has been found. */
  #knowsLeftovers = false;

  constructor(options: NodePodsOptions) {
    this.#options = options;
  }

  pod(podUid: string): Pod | undefined {
    return (this.#workers.get(podUid) ?? this.#workerOfMirror(podUid))?.pod();
  }

  all(): readonly Pod[] {
    return [...this.#workers.values()].map((worker) => worker.pod());
  }

  end(podUid: string, ending: NodeEnding): void {
    this.#workers.get(podUid)?.end(ending);
  }

  hasEnded(podUid: string): boolean {
    const worker = this.#workers.get(podUid);
    return worker === undefined || (isTerminalPhase(worker.pod().status?.phase) && hasEnded(worker.observed()));
  }

  sync(changedKinds: ReadonlySet<string>): void {
    if (changedKinds.has('Pod')) this.#syncPods();
    if (!mountedKinds.some((kind) => changedKinds.has(kind))) return;
    for (const worker of this.#workers.values()) if (!isTerminalPhase(worker.pod().status?.phase)) worker.refreshVolumes();
  }

  async relist(): Promise<void> {
    const now = await runtimeFingerprints(this.#options.context.runtime);
    for (const [podUid, worker] of this.#workers) if (now.get(podUid) !== this.#fingerprints.get(podUid)) worker.wake();
    this.#fingerprints = now;
    await this.#adoptOrphans(now.keys());
  }

  async run(signal: AbortSignal): Promise<void> {
    this.#lifetime = signal;
    for (const worker of this.#workers.values()) this.#start(worker, signal);
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      else signal.addEventListener('abort', () => resolve(), { once: true });
    });
    // What waits in line is for the next agent. A start that broke off would fail its container; anything else can be begun again.
    await Promise.race([Promise.all(this.#running), this.#options.context.starts.close()]);
  }

  #syncPods(): void {
    const { desired, nodeName, poll } = this.#options;
    const own = desired.pods().filter((pod) => specOf(pod).nodeName === nodeName);
    const wanted = new Set(own.map(uidOf));
    for (const pod of own) {
      const worker = this.#workers.get(uidOf(pod));
      if (worker === undefined) this.#add(pod, false);
      else worker.update(pod);
      if (worker !== undefined && poll.isOverruled(pod)) {
        poll.forget(uidOf(pod));
        worker.reconsider();
      }
    }
    for (const [podUid, worker] of this.#workers) if (!wanted.has(podUid)) worker.update(undefined);
    this.#syncMirrors();
  }

  /** A mirror may be newer than what its pod last reported. */
  #syncMirrors(): void {
    const { desired, poll } = this.#options;
    const mirrors = new Set(desired.mirrors().map(uidOf));
    for (const uid of this.#mirrors) if (!mirrors.has(uid)) poll.forget(uid);
    this.#mirrors = mirrors;
    for (const worker of this.#workers.values()) {
      const pod = worker.pod();
      const mirror = isStatic(pod) ? this.#mirrorOf(pod) : undefined;
      if (mirror !== undefined && pod.status?.startTime !== undefined) poll.report(mirror, pod.status, false);
    }
  }

  #mirrorOf(pod: Pod): Pod | undefined {
    return this.#options.desired.mirrors().find((mirror) => fullName(mirror) === fullName(pod));
  }

  #workerOfMirror(podUid: string): PodWorker | undefined {
    const mirror = this.#options.desired.mirrors().find((pod) => uidOf(pod) === podUid);
    return mirror === undefined
      ? undefined
      : [...this.#workers.values()].find((worker) => isStatic(worker.pod()) && fullName(worker.pod()) === fullName(mirror));
  }

  #report(pod: Pod, status: PodStatus, finished: boolean): void {
    const { poll, staticPods } = this.#options;
    if (!isStatic(pod)) return poll.report(pod, status, finished);
    const mirror = this.#mirrorOf(pod);
    if (mirror !== undefined) poll.report(mirror, status, false);
    if (finished) staticPods?.finished(uidOf(pod));
  }

  #start(worker: PodWorker, signal: AbortSignal): void {
    const done = worker.run(signal).finally(() => {
      this.#running.delete(done);
      if (signal.aborted) return;
      this.#workers.delete(worker.podUid);
      this.#options.poll.forget(worker.podUid);
      this.#options.staticPods?.released(worker.podUid);
    });
    this.#running.add(done);
  }

  #add(pod: Pod, gone: boolean): void {
    const { context, check, probeCounts } = this.#options;
    const probes = createProber({
      ...context,
      check,
      onChange: () => worker.wake(),
      onResult: probeCounts?.count,
      onEvent: (of, container, [reason, message]) => recordContainerEvent(context, of, container, ['Warning', reason, message]),
    });
    const worker: PodWorker = createPodWorker({ context, pod, gone, probes, report: (...report) => this.#report(...report) });
    this.#workers.set(uidOf(pod), worker);
    if (this.#lifetime !== undefined) this.#start(worker, this.#lifetime);
  }

  async #adoptOrphans(podUids: Iterable<string>): Promise<void> {
    const { context, desired } = this.#options;
    // Before the first word of what is wanted, everything may be.
    if (!desired.isKnown()) return;
    const unknown = new Set([...podUids].filter((podUid) => podUid !== '' && !this.#workers.has(podUid)));
    if (unknown.size > 0) this.#adopt((await context.runtime.listSandboxes()).filter(({ podUid }) => unknown.has(podUid)));
    if (this.#knowsLeftovers) return;
    // An earlier agent may have died after the runtime removed a pod, and before its files were removed.
    this.#adopt(await context.files.owners());
    this.#knowsLeftovers = true;
  }

  #adopt(owners: readonly FileOwner[]): void {
    for (const owner of owners) {
      if (this.#workers.has(owner.podUid)) continue;
      this.#options.context.log.info('what is left of a pod is removed', {
        pod: `${owner.podNamespace}/${owner.podName}`,
        uid: owner.podUid,
      });
      this.#add(orphan(owner), true);
    }
  }
}
