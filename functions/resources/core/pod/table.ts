/** The columns of `kubectl get pods`. Source: pkg/printers/internalversion/printers.go, printPod. */
import { conditionOf } from '../../../kube/conditions.ts';
import type { ContainerState, ContainerStatus, Pod } from '../../../kube/generated/types.ts';
import { isTerminating } from '../../../kube/object.ts';
import { parseTime } from '../../../kube/time.ts';
import { ageColumn, nameColumn, none, since, textColumn, wide } from '../../columns.ts';
import type { Column } from '../../definition.ts';

interface Summary {
  readonly reason: string;
  readonly ready: number;
  readonly total: number;
  readonly restarts: number;
  readonly lastRestart: string | undefined;
}

/** What the statuses of some containers add up to. */
interface Tally {
  ready: number;
  restarts: number;
  lastRestart: string | undefined;
}

export const columns: readonly Column<Pod>[] = [
  nameColumn,
  textColumn('Ready', 'Containers that are ready, of all containers.', (pod) => {
    const { ready, total } = podSummary(pod);
    return `${ready}/${total}`;
  }),
  textColumn('Status', 'What the pod, or the container that matters most, is doing.', (pod) => podSummary(pod).reason),
  textColumn('Restarts', 'How often containers were restarted, and when that happened last.', (pod, nowMs) => {
    const { restarts, lastRestart } = podSummary(pod);
    return restarts > 0 && lastRestart !== undefined ? `${restarts} (${since(lastRestart, nowMs)} ago)` : String(restarts);
  }),
  ageColumn,
  wide(textColumn('IP', 'Address of the pod in the cluster.', (pod) => pod.status?.podIPs?.[0]?.ip || pod.status?.podIP || none)),
  wide(textColumn('Node', 'Node that the pod runs on.', (pod) => pod.spec.nodeName || none)),
  wide(textColumn('Nominated Node', 'Node where room is being made for the pod.', (pod) => pod.status?.nominatedNodeName || none)),
  wide(textColumn('Readiness Gates', 'Readiness gates that are passed, of all the pod asks for.', readinessGates)),
];

function readinessGates(pod: Pod): string {
  const gates = pod.spec.readinessGates ?? [];
  const passed = gates.filter(({ conditionType }) => conditionOf(pod.status?.conditions, conditionType)?.status === 'True');
  return gates.length === 0 ? none : `${passed.length}/${gates.length}`;
}

/** The STATUS, READY and RESTARTS of a pod. */
export function podSummary(pod: Pod): Summary {
  const restartable = restartableInitContainers(pod);
  const total = (pod.spec.containers?.length ?? 0) + restartable.size;
  const all: Tally = { ready: 0, restarts: 0, lastRestart: undefined };
  const sidecars: Tally = { ready: 0, restarts: 0, lastRestart: undefined };
  const initReason = initContainersReason(pod, restartable, { all, sidecars });
  let reason = initReason ?? phaseReason(pod);
  let tally = all;
  if (initReason === undefined || conditionOf(pod.status?.conditions, 'Initialized')?.status === 'True') {
    tally = { ...sidecars, ready: all.ready };
    reason = containersReason(pod, reason, tally);
  }
  return { reason: terminatingReason(pod) ?? reason, total, ...tally };
}

function phaseReason(pod: Pod): string {
  const gated = pod.status?.conditions?.some(({ type, reason }) => type === 'PodScheduled' && reason === 'SchedulingGated');
  if (gated === true) return 'SchedulingGated';
  return pod.status?.reason || pod.status?.phase || '';
}

const restartableInitContainers = (pod: Pod): ReadonlySet<string> =>
  new Set((pod.spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always').map(({ name }) => name));

function count(tally: Tally, status: ContainerStatus): void {
  tally.restarts += status.restartCount ?? 0;
  const finished = status.lastState?.terminated?.finishedAt;
  if (finished === undefined) return;
  if (tally.lastRestart === undefined || parseTime(finished) > parseTime(tally.lastRestart)) tally.lastRestart = finished;
}

/** The state of the first init container that is not done; undefined once all are. */
function initContainersReason(
  pod: Pod,
  restartable: ReadonlySet<string>,
  { all, sidecars }: { all: Tally; sidecars: Tally },
): string | undefined {
  for (const [index, status] of (pod.status?.initContainerStatuses ?? []).entries()) {
    const isSidecar = restartable.has(status.name);
    count(all, status);
    if (isSidecar) count(sidecars, status);
    if (status.state?.terminated?.exitCode === 0) continue;
    if (isSidecar && status.started === true) {
      if (status.ready) all.ready += 1;
      continue;
    }
    return `Init:${initContainerReason(status.state, index, pod.spec.initContainers?.length ?? 0)}`;
  }
  return undefined;
}

function initContainerReason(state: ContainerState | undefined, index: number, total: number): string {
  if (state?.terminated !== undefined) return state.terminated.reason || exitReason(state.terminated);
  const waiting = state?.waiting?.reason;
  return waiting && waiting !== 'PodInitializing' ? waiting : `${index}/${total}`;
}

const exitReason = ({ signal, exitCode }: { signal?: number; exitCode: number }): string =>
  signal ? `Signal:${signal}` : `ExitCode:${exitCode}`;

/** Containers speak from last to first, and the first one's word counts. */
function containersReason(pod: Pod, before: string, tally: Tally): string {
  let reason = before;
  let hasRunning = false;
  for (const status of (pod.status?.containerStatuses ?? []).toReversed()) {
    count(tally, status);
    const { waiting, terminated, running } = status.state ?? {};
    if (waiting?.reason) reason = waiting.reason;
    else if (terminated !== undefined) reason = terminated.reason || exitReason(terminated);
    else if (status.ready && running !== undefined) {
      hasRunning = true;
      tally.ready += 1;
    }
  }
  if (reason !== 'Completed' || !hasRunning) return reason;
  return conditionOf(pod.status?.conditions, 'Ready')?.status === 'True' ? 'Running' : 'NotReady';
}

function terminatingReason(pod: Pod): string | undefined {
  if (!isTerminating(pod)) return undefined;
  if (pod.status?.reason === 'NodeLost') return 'Unknown';
  const isFinished = pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
  return isFinished ? undefined : 'Terminating';
}
