/** Keeps one pod of a DaemonSet on every node that it fits, and moves them to a new template. Source: pkg/controller/daemon. */
import { userNameOf } from '../../kube/controller-role.ts';
import { copy } from '../../kube/copy.ts';
import { deepEqual } from '../../kube/equality.ts';
import type { DaemonSet, Pod } from '../../kube/generated/types.ts';
import { isTerminating, nameOf, namespaceOf, uidOf } from '../../kube/object.ts';
import { daemonSets, nodes, pods } from '../../kube/resource-type.ts';
import type { Controller, Note, ReconcileContext, ReconcileResult } from '../../workers/controller.ts';
import { again, settled } from '../../workers/controller.ts';
import type { Claimant } from '../shared/claim.ts';
import { claimObjects } from '../shared/claim.ts';
import { createPod, deletePod, isNamespaceTerminating, podFromTemplate } from '../shared/pod-control.ts';
import { namesOf } from '../shared/pod-requests.ts';
import { availableInMs } from '../shared/replicas.ts';
import { allOf, slowStart } from '../shared/slow-start.ts';
import { FailedPodsBackOff } from './back-off.ts';
import { constructHistory, deleteHistory } from './history.ts';
import { workOnNode } from './manage.ts';
import type { DaemonNode } from './nodes.ts';
import { daemonNodes } from './nodes.ts';
import { templateForNode } from './placement.ts';
import { isRollingUpdate, rollingStep } from './rolling.ts';
import { daemonSetStatus } from './status.ts';
import { daemonSetWatches, selectorOfSet } from './watches.ts';
import { daemonSetRole } from './role.ts';

/** Pods created, and pods deleted, by one step of a reconcile. */
const burstReplicas = 250;

export const daemonSetController: Controller = {
  name: 'daemon-set',
  actsAs: userNameOf(daemonSetRole),
  component: 'daemonset-controller',
  watches: daemonSetWatches,
  all: (cache) => namesOf(cache.list(daemonSets)),
  async reconcile(request, context, note) {
    const set = context.cache.get(daemonSets, request);
    if (set === undefined) return settled;
    if (selectorOfSet(set).length === 0) {
      const message = 'This daemon set is selecting all pods. A non-empty selector is required.';
      context.events.event(set, 'Warning', 'SelectingAll', message);
      return settled;
    }
    // Its revisions may be gone already, so that nothing can be reported about it.
    return isTerminating(set) ? settled : reconcileDaemonSet(set, context, note);
  },
};

async function reconcileDaemonSet(set: DaemonSet, context: ReconcileContext, note: Note = {}): Promise<ReconcileResult> {
  const { cache, client, clock } = context;
  const claimant: Claimant = { object: set, type: daemonSets, selector: selectorOfSet(set) };
  const { hash, old } = await constructHistory(set, claimant, context);
  const backOff = new FailedPodsBackOff(note, set.status?.observedGeneration ?? 0, clock.now());
  const seen = async (): Promise<DaemonNode[]> => daemonNodes(set, cache.list(nodes), await claimObjects(claimant, pods, context));
  let waitMs: number | undefined;
  const update = async (): Promise<void> => {
    const work = workOf(set, await seen(), { hash, backOff, context });
    waitMs = work.waitMs;
    await act(set, work, { hash, context });
    if (isRollingUpdate(set)) {
      const { doomed, surging } = rollingStep(set, await seen(), hash, clock.now());
      await act(set, { doomed, nodeNames: surging }, { hash, context });
    }
    await deleteHistory(set, old, claimant, context);
  };
  const failure = await update().then(
    () => undefined,
    (error: unknown) => ({ error }),
  );
  const status = daemonSetStatus(set, await seen(), hash, clock.now());
  if (!deepEqual(status, set.status)) await client.update(daemonSets, { ...copy(set), status }, 'status');
  if (failure !== undefined) throw failure.error;

  const readyMs = availableInMs(cache.controlledBy(pods, uidOf(set)), set.spec.minReadySeconds ?? 0, clock.now());
  const waits = [waitMs, readyMs, backOff.forgottenInMs].filter((wait) => wait !== undefined);
  return waits.length === 0 ? settled : again(Math.min(...waits) / 1000, backOff.note);
}

interface Step {
  readonly hash: string;
  readonly context: ReconcileContext;
}

interface Work {
  readonly doomed: readonly Pod[];
  readonly nodeNames: readonly string[];
}

/** What each node lacks or has too much of, and how long the next failed pod is still left alone. */
function workOf(
  set: DaemonSet,
  all: readonly DaemonNode[],
  { hash, backOff, context }: Step & { readonly backOff: FailedPodsBackOff },
): Work & { readonly waitMs: number | undefined } {
  const { clock, events } = context;
  const doomed: Pod[] = [];
  const nodeNames: string[] = [];
  const waits: number[] = [];
  for (const node of all) {
    const work = workOnNode(set, node, hash, clock.now());
    if (work.createsPod) nodeNames.push(node.name);
    doomed.push(...work.doomed);
    for (const pod of work.succeeded)
      events.event(
        set,
        'Normal',
        'SucceededDaemonPod',
        `Found succeeded daemon pod ${placeOf(pod)} on node ${node.name}, will try to delete it`,
      );
    for (const pod of work.failed) {
      const waitMs = backOff.waitMs(node.name);
      if (waitMs !== undefined) waits.push(waitMs);
      else {
        backOff.replaced(node.name);
        doomed.push(pod);
        events.event(
          set,
          'Warning',
          'FailedDaemonPod',
          `Found failed daemon pod ${placeOf(pod)} on node ${node.name}, will try to kill it`,
        );
      }
    }
  }
  return { doomed, nodeNames, waitMs: waits.length === 0 ? undefined : Math.min(...waits) };
}

const placeOf = (pod: Pod): string => `${namespaceOf(pod)}/${nameOf(pod)}`;

async function act(set: DaemonSet, { doomed, nodeNames }: Work, { hash, context }: Step): Promise<void> {
  const podFor = (nodeName: string): Pod => podFromTemplate(set, daemonSets, templateForNode(set, hash, nodeName));
  const created = await slowStart(Math.min(nodeNames.length, burstReplicas), async (index) => {
    await createPod(set, podFor(nodeNames[index] ?? ''), context);
  });
  const deletionError = await allOf(doomed.slice(0, burstReplicas), (pod) => deletePod(set, pod, context));
  // In a namespace that goes away the pods would only have to go again.
  const creationError = isNamespaceTerminating(created.error) ? undefined : created.error;
  const error = creationError ?? deletionError;
  if (error !== undefined) throw error;
}
