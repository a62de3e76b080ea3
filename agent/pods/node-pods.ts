/** The workers of a node's pods: one for each that is wanted, and one for each that is there although it is not. */
import type { Container, Pod, Probe } from '../../functions/kube/generated/types.ts';
import { uidOf } from '../../functions/kube/object.ts';
import type { DesiredState } from '../desired-state.ts';
import type { PollLoop } from '../poll.ts';
import type { CheckResult } from '../probes/checks.ts';
import { createProber, type CheckInput } from '../probes/prober.ts';
import type { Sandbox } from '../runtime/runtime.ts';
import type { NodeContext } from './node-context.ts';
import { runtimeFingerprints } from './observer.ts';
import { tellContainer } from './pod-events.ts';
import { isTerminalPhase, specOf } from './pod-facts.ts';
import { createPodWorker, type PodWorker } from './pod-worker.ts';

export interface NodePods {
  /** Brings the workers in line with what is wanted now. */
  sync(changedKinds: ReadonlySet<string>): void;
  /** Looks at the runtime and wakes whom it concerns. */
  relist(): Promise<void>;
  pod(podUid: string): Pod | undefined;
  run(signal: AbortSignal): Promise<void>;
}

export interface NodePodsOptions {
  readonly context: NodeContext;
  readonly nodeName: string;
  readonly desired: DesiredState;
  readonly poll: Pick<PollLoop, 'report' | 'forget'>;
  readonly check: (probe: Probe, input: CheckInput) => Promise<CheckResult>;
}

/** A sandbox of which nothing is known but what its labels say. */
const orphan = ({ podName, podNamespace, podUid }: Sandbox): Pod => ({
  metadata: { name: podName, namespace: podNamespace, uid: podUid },
  spec: { containers: [] },
});

export function createNodePods(options: NodePodsOptions): NodePods {
  const { context, desired, poll } = options;
  const workers = new Map<string, PodWorker>();
  const running = new Set<Promise<void>>();
  let fingerprints = new Map<string, string>();
  let lifetime: AbortSignal | undefined;

  const start = (worker: PodWorker, signal: AbortSignal): void => {
    const done = worker.run(signal).finally(() => {
      running.delete(done);
      if (signal.aborted) return;
      workers.delete(worker.podUid);
      poll.forget(worker.podUid);
    });
    running.add(done);
  };

  const add = (pod: Pod, gone: boolean): void => {
    const prober = createProber({
      ...context,
      check: options.check,
      onChange: () => worker.wake(),
      onFailure: (of: Pod, container: Container, message: string) =>
        tellContainer(context, of, container, ['Warning', 'Unhealthy', message]),
    });
    const worker: PodWorker = createPodWorker({ context, pod, gone, probes: prober, report: (...report) => poll.report(...report) });
    workers.set(uidOf(pod), worker);
    if (lifetime !== undefined) start(worker, lifetime);
  };

  const refreshVolumes = (): void => {
    for (const worker of workers.values()) {
      if (isTerminalPhase(worker.pod().status?.phase)) continue;
      worker.refreshVolumes();
    }
  };

  const sync = (changedKinds: ReadonlySet<string>): void => {
    if (changedKinds.has('Pod')) {
      const wanted = new Map(
        desired
          .pods()
          .filter((pod) => specOf(pod).nodeName === options.nodeName)
          .map((pod) => [uidOf(pod), pod]),
      );
      for (const [podUid, pod] of wanted) {
        const worker = workers.get(podUid);
        if (worker === undefined) add(pod, false);
        else worker.update(pod);
      }
      for (const [podUid, worker] of workers) if (!wanted.has(podUid)) worker.update(undefined);
    }
    if (changedKinds.has('ConfigMap') || changedKinds.has('Secret')) refreshVolumes();
  };

  const adoptOrphans = async (podUids: Iterable<string>): Promise<void> => {
    // Before the first word of what is wanted, everything may be.
    if (!desired.isKnown()) return;
    const unknown = new Set([...podUids].filter((podUid) => podUid !== '' && !workers.has(podUid)));
    if (unknown.size === 0) return;
    for (const sandbox of await context.runtime.listSandboxes()) {
      if (!unknown.has(sandbox.podUid) || workers.has(sandbox.podUid)) continue;
      context.log.info('a pod that nobody wants is ended', { pod: `${sandbox.podNamespace}/${sandbox.podName}`, uid: sandbox.podUid });
      add(orphan(sandbox), true);
    }
  };

  return {
    sync,
    async relist() {
      const now = await runtimeFingerprints(context.runtime);
      for (const [podUid, worker] of workers) if (now.get(podUid) !== fingerprints.get(podUid)) worker.wake();
      fingerprints = now;
      await adoptOrphans(now.keys());
    },
    pod: (podUid) => workers.get(podUid)?.pod(),
    async run(signal) {
      lifetime = signal;
      for (const worker of workers.values()) start(worker, signal);
      await new Promise<void>((resolve) => {
        if (signal.aborted) resolve();
        else signal.addEventListener('abort', () => resolve(), { once: true });
      });
      await Promise.all(running);
    },
  };
}
