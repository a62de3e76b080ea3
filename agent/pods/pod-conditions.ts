/** The conditions of a pod that the node owns; the others are kept as they are. Pure. Source: pkg/kubelet/status/generate.go */
import type * as t from '../../functions/kube/generated/types.ts';
import { timestamp } from '../../functions/kube/time.ts';
import type { ResizePlan } from './resize.ts';
import type { ObservedPod, PodMemory } from './observed-pod.ts';
import { containersToReset, isRestartingAll, restartingAllCondition } from './restart-of-all.ts';
import { mayRestartAll } from './restart-rules.ts';
import { isHostNetwork, isSidecar, specOf } from './pod-facts.ts';

export interface ConditionsInput {
  readonly pod: t.Pod;
  readonly observed: ObservedPod;
  readonly phase: string;
  readonly init: readonly t.ContainerStatus[];
  readonly main: readonly t.ContainerStatus[];
  readonly memory: PodMemory;
  readonly resize?: ResizePlan | undefined;
  readonly nowMs: number;
}

/** Both are there only while they hold. */
function resizing({ resize, memory }: ConditionsInput): readonly (readonly [string, Verdict])[] {
  const { pending, actions = [] } = resize ?? {};
  const { resizeFailure } = memory;
  const failure = resizeFailure === undefined ? {} : { reason: 'Error', message: resizeFailure };
  return [
    ...(pending === undefined ? [] : [['PodResizePending', { ...yes, ...pending }] as const]),
    ...(actions.length === 0 ? [] : [['PodResizeInProgress', { ...yes, ...failure }] as const]),
  ];
}

/** Source: pkg/kubelet/eviction/eviction_manager.go, pkg/kubelet/nodeshutdown/nodeshutdown_manager.go */
const disruption = ({ memory: { ending } }: ConditionsInput): readonly (readonly [string, Verdict])[] =>
  ending === undefined ? [] : [['DisruptionTarget', { ...yes, reason: 'TerminationByKubelet', message: ending.message }]];

/** Only pods have it that may begin anew. Source: generate.go (GenerateAllContainersRestartingCondition) */
function restartingAll({ pod, phase, observed: { containers } }: ConditionsInput): readonly (readonly [string, Verdict])[] {
  if (!mayRestartAll(pod)) return [];
  const restarts = { ...yes, reason: 'RestartAllContainersStarted', message: 'container exited with restart policy rule' };
  const isUnderWay = isRestartingAll(pod, containers) && containersToReset(pod, containers).length > 0;
  return [[restartingAllCondition, endedVerdict(phase) ?? (isUnderWay ? restarts : { status: 'False' })]];
}

const resizeConditions = ['PodResizePending', 'PodResizeInProgress'];

type Verdict = Pick<t.PodCondition, 'status' | 'reason' | 'message'>;

const yes: Verdict = { status: 'True' };
const no = (reason: string, message?: string): Verdict => ({ status: 'False', reason, ...(message === undefined ? {} : { message }) });
const listed = (names: readonly string[]): string => `[${names.join(' ')}]`;

function readyToStart({ observed, pod }: ConditionsInput): Verdict {
  const sandbox = observed.sandboxes[0];
  return sandbox?.ready === true && (isHostNetwork(pod) || sandbox.ips.length > 0) ? yes : { status: 'False' };
}

function initialized({ pod, phase, init, main }: ConditionsInput): Verdict {
  const began = main.some(
    ({ state, lastState }) => state?.running !== undefined || state?.terminated !== undefined || lastState?.terminated !== undefined,
  );
  // Init containers that run once more do not take it back.
  const was = pod.status?.conditions?.find(({ type }) => type === 'Initialized')?.status;
  if (began || was === 'True') return yes;
  const containers = specOf(pod).initContainers ?? [];
  const incomplete = containers.filter((container) => {
    const status = init.find(({ name }) => name === container.name);
    return isSidecar(container) ? status?.started !== true : status?.ready !== true;
  });
  if (incomplete.length === 0) return phase === 'Succeeded' ? { status: 'True', reason: 'PodCompleted' } : yes;
  return no('ContainersNotInitialized', `containers with incomplete status: ${listed(incomplete.map(({ name }) => name))}`);
}

function endedVerdict(phase: string): Verdict | undefined {
  if (phase === 'Succeeded') return no('PodCompleted');
  return phase === 'Failed' ? no('PodFailed') : undefined;
}

function containersReady({ pod, phase, main, init }: ConditionsInput): Verdict {
  const ended = endedVerdict(phase);
  if (ended !== undefined) return ended;
  const sidecars = (specOf(pod).initContainers ?? []).filter(isSidecar).map(({ name }) => name);
  const statuses = [...init.filter(({ name }) => sidecars.includes(name)), ...main];
  const unready = statuses.filter(({ ready }) => !ready).map(({ name }) => name);
  return unready.length === 0 ? yes : no('ContainersNotReady', `containers with unready status: ${listed(unready)}`);
}

function ready(input: ConditionsInput, containers: Verdict): Verdict {
  if (containers.status !== 'True') return containers;
  const conditions = input.pod.status?.conditions ?? [];
  const messages = (specOf(input.pod).readinessGates ?? []).flatMap(({ conditionType }) => {
    const condition = conditions.find(({ type }) => type === conditionType);
    if (condition === undefined) return [`corresponding condition of pod readiness gate "${conditionType}" does not exist.`];
    return condition.status === 'True'
      ? []
      : [`the status of pod readiness gate "${conditionType}" is not "True", but ${condition.status}`];
  });
  return messages.length === 0 ? yes : no('ReadinessGatesNotReady', messages.join(', '));
}

export function podConditions(input: ConditionsInput): t.PodCondition[] {
  const prior = input.pod.status?.conditions ?? [];
  const containers = containersReady(input);
  const own: readonly (readonly [string, Verdict])[] = [
    ['PodReadyToStartContainers', readyToStart(input)],
    ['Initialized', initialized(input)],
    ['Ready', ready(input, containers)],
    ['ContainersReady', containers],
    ['PodScheduled', yes],
    ...restartingAll(input),
    ...resizing(input),
    ...disruption(input),
  ];
  const generation = input.pod.metadata.generation;
  const mine = own.map(([type, verdict]): t.PodCondition => {
    const before = prior.find((condition) => condition.type === type);
    const lastTransitionTime = before?.status === verdict.status ? before.lastTransitionTime : timestamp(input.nowMs);
    return { type, ...(generation === undefined ? {} : { observedGeneration: generation }), ...verdict, lastTransitionTime };
  });
  return [...mine, ...prior.filter(({ type }) => !own.some(([ours]) => ours === type) && !resizeConditions.includes(type))];
}
