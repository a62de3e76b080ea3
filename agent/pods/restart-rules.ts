/**
 * Whether a container that ended comes back: its own rules first, then its own policy, then the pod's. Pure.
 * Source: pkg/api/v1/pod/util.go (ContainerShouldRestart, FindMatchingContainerRestartRule)
 */
import type { Container, ContainerRestartRule, Pod } from '../../functions/kube/generated/types.ts';
import { restartPolicyOf, specOf } from './pod-facts.ts';

function matches({ exitCodes }: ContainerRestartRule, exitCode: number): boolean {
  if (exitCodes === undefined) return false;
  const isListed = (exitCodes.values ?? []).includes(exitCode);
  return exitCodes.operator === 'In' ? isListed : exitCodes.operator === 'NotIn' && !isListed;
}

const ruleFor = (container: Container, exitCode: number): ContainerRestartRule | undefined =>
  container.restartPolicy === undefined ? undefined : container.restartPolicyRules?.find((rule) => matches(rule, exitCode));

/** All containers of the pod begin anew, init containers too, when this one ends so. */
export const restartsAll = (container: Container, exitCode: number): boolean =>
  ruleFor(container, exitCode)?.action === 'RestartAllContainers';

/** Some end of one of its containers would make all begin anew. Source: pkg/api/v1/pod/util.go (AllContainersCouldRestart) */
export const mayRestartAll = (pod: Pod): boolean =>
  [...(specOf(pod).initContainers ?? []), ...specOf(pod).containers].some(
    ({ restartPolicy, restartPolicyRules = [] }) =>
      restartPolicy !== undefined && restartPolicyRules.some(({ action }) => action === 'RestartAllContainers'),
  );

export function restartsAfter(pod: Pod, container: Container, exitCode: number): boolean {
  const action = ruleFor(container, exitCode)?.action;
  if (action === 'Restart' || action === 'RestartAllContainers') return true;
  const policy = container.restartPolicy ?? restartPolicyOf(pod);
  return policy === 'Always' || (policy === 'OnFailure' && exitCode !== 0);
}

/** Some end of one of its containers would bring that one back. */
export const mayRestart = (pod: Pod): boolean =>
  specOf(pod).containers.some(
    ({ restartPolicy, restartPolicyRules = [] }) =>
      (restartPolicy ?? restartPolicyOf(pod)) !== 'Never' || (restartPolicy !== undefined && restartPolicyRules.length > 0),
  );
