/**
 * What is wrong in a cluster and why, a sentence each, newest first. Pure: it sees objects and the time, and decides. A
 * cause is given as the objects themselves give it; their texts are not interpreted.
 */
import { conditionOf } from '../../../kube/conditions.ts';
import { humanDuration } from '../../../kube/duration.ts';
import type { ContainerStatus, Deployment, Event, Job, Node, PersistentVolumeClaim, Pod } from '../../../kube/generated/types.ts';
import { isTerminating, type KubeObject, nameOf, namespaceOf } from '../../../kube/object.ts';
import { isPodFinished, isPodReady } from '../../../kube/pod.ts';

export interface Problem {
  /** `pods`, `deployments.apps`. */
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly sentence: string;
  readonly sinceMs: number;
  /** `wait`: it may still become well by itself. */
  readonly tone: 'bad' | 'wait';
}

export interface Seen {
  readonly pods: readonly Pod[];
  readonly nodes: readonly Node[];
  readonly deployments: readonly Deployment[];
  readonly claims: readonly PersistentVolumeClaim[];
  readonly jobs: readonly Job[];
  /** Events of the type Warning. */
  readonly events: readonly Event[];
}

type Finding = Pick<Problem, 'sentence' | 'sinceMs' | 'tone'>;

const patienceMs = 60_000;
const recentMs = 600_000;

const timeOf = (text: string | undefined): number => (text === undefined ? Number.NaN : Date.parse(text));
const firstTime = (...texts: readonly (string | undefined)[]): number => texts.map(timeOf).find((ms) => !Number.isNaN(ms)) ?? 0;
const withCause = (sentence: string, cause: string | undefined): string =>
  cause === undefined || cause === '' ? `${sentence}.` : `${sentence}: ${cause}`;
const createdMs = (object: KubeObject): number => firstTime(object.metadata.creationTimestamp);

const endOf = ({ lastState, state }: ContainerStatus): string => {
  const end = state?.terminated ?? lastState?.terminated;
  if (end === undefined) return '';
  return end.reason === 'OOMKilled' ? 'it used more memory than its limit' : `it ended with exit code ${end.exitCode}`;
};

const pulls = new Set(['ErrImagePull', 'ImagePullBackOff', 'InvalidImageName', 'ErrImageNeverPull']);
const starts = new Set(['ContainerCreating', 'PodInitializing']);

function containerFinding(pod: Pod, status: ContainerStatus, nowMs: number): Finding | undefined {
  const { name, image, state = {}, lastState } = status;
  const since = firstTime(
    lastState?.terminated?.finishedAt,
    conditionOf(pod.status?.conditions, 'Ready')?.lastTransitionTime,
    pod.status?.startTime,
    pod.metadata.creationTimestamp,
  );
  const { waiting, terminated } = state;
  if (waiting?.reason === 'CrashLoopBackOff')
    return { sentence: withCause(`Container ${name} crashes again and again`, endOf(status)), sinceMs: since, tone: 'bad' };
  if (waiting?.reason !== undefined && pulls.has(waiting.reason))
    return {
      sentence: withCause(`The image ${image} of container ${name} cannot be pulled`, waiting.message ?? waiting.reason),
      sinceMs: since,
      tone: 'bad',
    };
  if (waiting?.reason !== undefined && !starts.has(waiting.reason))
    return { sentence: withCause(`Container ${name} cannot start`, waiting.message ?? waiting.reason), sinceMs: since, tone: 'bad' };
  if (terminated !== undefined && terminated.exitCode !== 0 && !isPodFinished(pod))
    return { sentence: withCause(`Container ${name} has ended`, endOf(status)), sinceMs: firstTime(terminated.finishedAt), tone: 'bad' };
  const endedMs = timeOf(lastState?.terminated?.finishedAt);
  if (lastState?.terminated?.reason === 'OOMKilled' && nowMs - endedMs < recentMs)
    return { sentence: `Container ${name} was restarted: it used more memory than its limit.`, sinceMs: endedMs, tone: 'bad' };
  return undefined;
}

function podFinding(pod: Pod, nowMs: number): Finding | undefined {
  const { status = {}, metadata, spec } = pod;
  if (status.phase === 'Succeeded') return undefined;
  if (isTerminating(pod)) {
    const overdueMs = nowMs - timeOf(metadata.deletionTimestamp);
    if (!(overdueMs > patienceMs)) return undefined;
    const held = (metadata.finalizers ?? []).join(', ');
    const cause = held === '' ? `its node ${spec?.nodeName ?? ''} has not ended it` : `the finalizers ${held} hold it`;
    return { sentence: withCause('It should be gone', cause), sinceMs: timeOf(metadata.deletionTimestamp), tone: 'bad' };
  }
  if (status.phase === 'Failed') {
    const ended = (status.containerStatuses ?? []).find(({ state }) => (state?.terminated?.exitCode ?? 0) !== 0);
    const cause = status.message ?? status.reason ?? (ended === undefined ? undefined : `container ${ended.name}: ${endOf(ended)}`);
    return {
      sentence: withCause('It has failed', cause),
      sinceMs: firstTime(ended?.state?.terminated?.finishedAt, status.startTime, metadata.creationTimestamp),
      tone: 'bad',
    };
  }
  const scheduled = conditionOf(status.conditions, 'PodScheduled');
  if (scheduled?.status === 'False')
    return {
      sentence: withCause('No node can take it', scheduled.message),
      sinceMs: firstTime(scheduled.lastTransitionTime, metadata.creationTimestamp),
      tone: 'bad',
    };
  const statuses = [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])];
  const found = statuses.map((one) => containerFinding(pod, one, nowMs)).find((finding) => finding !== undefined);
  if (found !== undefined || isPodReady(pod)) return found;
  const sinceMs = firstTime(conditionOf(status.conditions, 'Ready')?.lastTransitionTime, metadata.creationTimestamp);
  if (nowMs - sinceMs < patienceMs) return undefined;
  const lacking = statuses.filter(({ ready }) => !ready).map(({ name }) => name);
  return {
    sentence: `It is not ready for ${humanDuration(nowMs - sinceMs)}${lacking.length === 0 ? '' : `: container ${lacking.join(', ')}`}.`,
    sinceMs,
    tone: 'wait',
  };
}

function nodeFinding({ spec, status, metadata }: Node): Finding | undefined {
  const ready = conditionOf(status?.conditions, 'Ready');
  const since = (text: string | undefined): number => firstTime(text, metadata.creationTimestamp);
  if (ready?.status !== 'True')
    return { sentence: withCause('The node is not ready', ready?.message), sinceMs: since(ready?.lastTransitionTime), tone: 'bad' };
  const pressed = (status?.conditions ?? []).find(({ type, status: is }) => type !== 'Ready' && is === 'True');
  if (pressed !== undefined)
    return {
      sentence: withCause(`The node has ${pressed.type}`, pressed.message),
      sinceMs: since(pressed.lastTransitionTime),
      tone: 'bad',
    };
  if (spec?.unschedulable !== true) return undefined;
  const taint = (spec.taints ?? []).find(({ key }) => key === 'node.kubernetes.io/unschedulable');
  return { sentence: 'The node is cordoned: no new pods are placed on it.', sinceMs: since(taint?.timeAdded), tone: 'wait' };
}

function deploymentFinding(deployment: Deployment, nowMs: number): Finding | undefined {
  const { status = {}, spec } = deployment;
  const [failure, progressing, available] = ['ReplicaFailure', 'Progressing', 'Available'].map((type) =>
    conditionOf(status.conditions, type),
  );
  if (failure?.status === 'True')
    return { sentence: withCause('Its pods cannot be made', failure.message), sinceMs: firstTime(failure.lastTransitionTime), tone: 'bad' };
  const [wanted, have] = [spec?.replicas ?? 1, status.availableReplicas ?? 0];
  if (have >= wanted) return undefined;
  const counts = `${have} of ${wanted} replicas are available`;
  if (progressing?.reason === 'ProgressDeadlineExceeded')
    return {
      sentence: withCause(`The rollout does not get on, ${counts}`, progressing.message),
      sinceMs: firstTime(progressing.lastTransitionTime),
      tone: 'bad',
    };
  const sinceMs = firstTime(available?.lastTransitionTime, deployment.metadata.creationTimestamp);
  return nowMs - sinceMs < patienceMs
    ? undefined
    : { sentence: `${counts[0]?.toUpperCase() ?? ''}${counts.slice(1)}.`, sinceMs, tone: 'wait' };
}

function claimFinding(claim: PersistentVolumeClaim, nowMs: number): Finding | undefined {
  const phase = claim.status?.phase;
  if (phase === 'Lost') return { sentence: 'Its volume is gone.', sinceMs: createdMs(claim), tone: 'bad' };
  if (phase !== 'Pending' || nowMs - createdMs(claim) < patienceMs) return undefined;
  return {
    sentence: `It has no volume of the class ${claim.spec?.storageClassName ?? '(none)'} yet.`,
    sinceMs: createdMs(claim),
    tone: 'wait',
  };
}

function jobFinding({ status }: Job): Finding | undefined {
  const failed = conditionOf(status?.conditions, 'Failed');
  return failed?.status === 'True'
    ? { sentence: withCause('The job has failed', failed.message), sinceMs: firstTime(failed.lastTransitionTime), tone: 'bad' }
    : undefined;
}

/** The newest Event of each object and reason, for objects without a finding of their own. */
function eventProblems(events: readonly Event[], known: ReadonlySet<string>, nowMs: number, kindOf: KindOf): Problem[] {
  const newest = new Map<string, Problem>();
  for (const event of events) {
    const { involvedObject: about, reason = '', message = '', count = 1 } = event;
    const sinceMs = firstTime(event.lastTimestamp, event.series?.lastObservedTime, event.eventTime, event.metadata.creationTimestamp);
    const kind = kindOf(about.apiVersion ?? 'v1', about.kind ?? '');
    const [namespace, name] = [about.namespace ?? '', about.name ?? ''];
    if (kind === undefined || nowMs - sinceMs > recentMs || known.has(`${kind}/${namespace}/${name}`)) continue;
    const key = `${kind}/${namespace}/${name}/${reason}`;
    if ((newest.get(key)?.sinceMs ?? -1) >= sinceMs) continue;
    newest.set(key, {
      kind,
      namespace,
      name,
      sinceMs,
      tone: 'wait',
      sentence: `${withCause(reason, message)}${count > 1 ? ` (${count} times)` : ''}`,
    });
  }
  return [...newest.values()];
}

/** Undefined: it is not served. */
export type KindOf = (apiVersion: string, kind: string) => string | undefined;

export function problemsOf(seen: Seen, nowMs: number, kindOf: KindOf): readonly Problem[] {
  const of = <T extends KubeObject>(
    kind: string,
    objects: readonly T[],
    find: (object: T, nowMs: number) => Finding | undefined,
  ): Problem[] =>
    objects.flatMap((object) => {
      const finding = find(object, nowMs);
      return finding === undefined ? [] : [{ kind, namespace: namespaceOf(object), name: nameOf(object), ...finding }];
    });
  const found = [
    ...of('pods', seen.pods, podFinding),
    ...of('nodes', seen.nodes, nodeFinding),
    ...of('deployments.apps', seen.deployments, deploymentFinding),
    ...of('persistentvolumeclaims', seen.claims, claimFinding),
    ...of('jobs.batch', seen.jobs, jobFinding),
  ];
  const known = new Set(found.map(({ kind, namespace, name }) => `${kind}/${namespace}/${name}`));
  return [...found, ...eventProblems(seen.events, known, nowMs, kindOf)].toSorted((a, b) => b.sinceMs - a.sinceMs);
}

/** By the cells of its row: the whole object is read only then. */
export const mayBeWrong = (status: string, ready: string): boolean => {
  const [have, want] = ready.split('/');
  return status !== 'Completed' && (status !== 'Running' || have !== want);
};
