/** Whether a pod of a Job failed, and what the Job's podFailurePolicy makes of it. Source: pkg/controller/job/pod_failure_policy.go. */
import type {
  ContainerStatus,
  Job,
  Pod,
  PodCondition,
  PodFailurePolicyOnExitCodesRequirement,
  PodFailurePolicyOnPodConditionsPattern,
  PodFailurePolicyRule,
} from '../../kube/generated/types.ts';
import { isTerminating, nameOf, namespaceOf } from '../../kube/object.ts';

/** With the policy Failed a pod is replaced once it has ended; otherwise from its deletion on. */
export const replacesOnlyFailed = ({ spec }: Job): boolean => spec.podReplacementPolicy === 'Failed';

export function isPodFailed(pod: Pod, job: Job): boolean {
  if (pod.status?.phase === 'Failed') return true;
  return !replacesOnlyFailed(job) && isTerminating(pod) && pod.status?.phase !== 'Succeeded';
}

interface PolicyMatch {
  readonly action?: string;
  /** Counts towards the limits. */
  readonly isCounted: boolean;
  /** The Job fails with this message. */
  readonly jobFailure?: string;
}

/** The first rule that matches the failed pod decides. */
export function matchFailurePolicy({ spec }: Job, pod: Pod): PolicyMatch {
  for (const [index, rule] of (spec.podFailurePolicy?.rules ?? []).entries()) {
    const matched = matchRule(rule, pod);
    if (matched === undefined) continue;
    const { action } = rule;
    if (action === 'Ignore') return { action, isCounted: false };
    if (action === 'FailJob') return { action, isCounted: true, jobFailure: `${matched} matching ${action} rule at index ${index}` };
    if (action === 'FailIndex' || action === 'Count') return { action, isCounted: true };
  }
  return { isCounted: true };
}

/** What matched, in the words of the Job's condition. */
function matchRule({ onExitCodes, onPodConditions }: PodFailurePolicyRule, pod: Pod): string | undefined {
  const place = `${namespaceOf(pod)}/${nameOf(pod)}`;
  if (onExitCodes !== undefined) {
    const container = [...(pod.status?.containerStatuses ?? []), ...(pod.status?.initContainerStatuses ?? [])].find((status) =>
      matchesExitCode(status, onExitCodes),
    );
    if (container === undefined) return undefined;
    return `Container ${container.name} for pod ${place} failed with exit code ${container.state?.terminated?.exitCode}`;
  }
  const condition = (pod.status?.conditions ?? []).find((candidate) => matchesAnyPattern(candidate, onPodConditions ?? []));
  return condition === undefined ? undefined : `Pod ${place} has condition ${condition.type}`;
}

function matchesExitCode({ name, state }: ContainerStatus, requirement: PodFailurePolicyOnExitCodesRequirement): boolean {
  const exitCode = state?.terminated?.exitCode ?? 0;
  if (exitCode === 0 || (requirement.containerName ?? name) !== name) return false;
  const isListed = requirement.values.includes(exitCode);
  return requirement.operator === 'In' ? isListed : requirement.operator === 'NotIn' && !isListed;
}

const matchesAnyPattern = (condition: PodCondition, patterns: readonly PodFailurePolicyOnPodConditionsPattern[]): boolean =>
  patterns.some(({ type, status }) => condition.type === type && condition.status === status);
