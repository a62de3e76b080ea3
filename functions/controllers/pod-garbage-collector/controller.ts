/**
 * Removes pods that no kubelet will ever finish: pods of removed nodes, and pods deleted before they had a node. It also
 * removes the oldest finished pods when there are too many. Source: pkg/controller/podgc/gc_controller.go.
 */
import { userNameOf } from '../../kube/controller-role.ts';
import type { Pod } from '../../kube/generated/types.ts';
import { nodes, pods } from '../../kube/resource-type.ts';
import { isNotFound } from '../../kube/status-error.ts';
import type { Controller, Note, ReconcileContext, ReconcileResult } from '../../workers/controller.ts';
import { again, settled } from '../../workers/controller.ts';
import type { Disruption } from '../shared/disruption.ts';
import { markDisrupted } from '../shared/disruption.ts';
import { namesOf } from '../shared/pod-requests.ts';
import { remove } from '../shared/removal.ts';
import { allFinished, finishedPods, finishedPodsMaxDefault, isSuspect, nodeOf, podGarbageCollectorWatches } from './watches.ts';
import { podGarbageCollectorRole } from './role.ts';

/** A node that comes back within this time finds its pods again. */
const missingNodeMs = 40_000;

const nodeGone: Disruption = { reason: 'DeletionByPodGC', message: 'PodGC: node no longer exists', fail: true };
const unscheduled: Disruption = { reason: 'DeletionByPodGC', message: 'PodGC: node not assigned', fail: true };
const outOfService: Disruption = { reason: 'DeletionByPodGC', message: 'PodGC: node is out of service', fail: true };

export function createPodGarbageCollector(finishedPodsMax = finishedPodsMaxDefault): Controller {
  return {
    name: 'pod-garbage-collector',
    actsAs: userNameOf(podGarbageCollectorRole),
    watches: podGarbageCollectorWatches(finishedPodsMax),
    *all(cache) {
      yield* namesOf(cache.list(pods).filter((pod) => isSuspect(pod, cache)));
      yield allFinished;
    },
    async reconcile(request, context, note) {
      if (request.name === allFinished.name) return removeOldest(finishedPodsMax, context);
      const pod = context.cache.get(pods, request);
      return pod === undefined ? settled : examine(pod, note, context);
    },
  };
}

async function examine(pod: Pod, note: Note | undefined, context: ReconcileContext): Promise<ReconcileResult> {
  if (!isSuspect(pod, context.cache)) return settled;
  const nodeName = pod.spec?.nodeName ?? '';
  if (nodeName === '') return removeNow(pod, unscheduled, context);
  if (nodeOf(pod, context.cache) !== undefined) return removeNow(pod, outOfService, context);

  const nowMs = context.clock.now();
  const nodeMissingSinceMs = note?.['nodeMissingSinceMs'] ?? nowMs;
  const waitMs = nodeMissingSinceMs + missingNodeMs - nowMs;
  if (waitMs > 0) return again(waitMs / 1000, { nodeMissingSinceMs });
  return (await nodeExists(nodeName, context)) ? settled : removeNow(pod, nodeGone, context);
}

async function nodeExists(name: string, { client }: ReconcileContext): Promise<boolean> {
  try {
    await client.get(nodes, { namespace: '', name });
    return true;
  } catch (error) {
    if (isNotFound(error)) return false;
    throw error;
  }
}

/** No kubelet is there that could shut the pod down gracefully. */
async function removeNow(pod: Pod, disruption: Disruption, context: ReconcileContext): Promise<ReconcileResult> {
  await markDisrupted(pod, disruption, context);
  await remove(pods, pod, context, { gracePeriodSeconds: 0 });
  return settled;
}

async function removeOldest(finishedPodsMax: number, context: ReconcileContext): Promise<ReconcileResult> {
  const finished = context.cache.by(finishedPods, 'finished');
  const surplus = Math.max(0, finished.length - finishedPodsMax);
  const age = ({ metadata }: Pod): string => `${metadata.creationTimestamp} ${metadata.namespace}/${metadata.name}`;
  const oldest = surplus === 0 ? [] : [...finished].sort((a, b) => (age(a) < age(b) ? -1 : 1)).slice(0, surplus);
  for (const pod of oldest) await remove(pods, pod, context, { gracePeriodSeconds: 0 });
  return settled;
}
