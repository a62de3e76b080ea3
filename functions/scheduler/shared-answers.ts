/**
 * Pods of one template get the same answer of a node, as long as nothing changes there: the answer is worked out once.
 * Only for pods whose filters look at the node alone, not at other nodes' pods or at volumes of their own.
 */
import type { Pod } from '../kube/generated/types.ts';
import { namespaceOf } from '../kube/object.ts';
import type { NodeState } from './node-state.ts';
import { demandOf } from './pod-demand.ts';
import type { NodeFilter } from './plugins/plugin.ts';

interface Answers<T> {
  /** Of each node, when it was asked. */
  readonly versions: number[];
  readonly answers: T[];
}

export type Ask<T> = (node: NodeState, answer: () => T) => T;

export class SharedAnswers<T> {
  private readonly byTemplate = new Map<string, Answers<T>>();

  /** `template`: undefined for a pod that shares with no other. */
  asking(template: string | undefined): Ask<T> {
    if (template === undefined) return (_node, answer) => answer();
    const { versions, answers } = this.of(template);
    return ({ index, version }, answer) => {
      const known = answers[index];
      if (versions[index] === version) return known as T;
      const found = answer();
      versions[index] = version;
      answers[index] = found;
      return found;
    };
  }

  private of(template: string): Answers<T> {
    const known = this.byTemplate.get(template) ?? { versions: [], answers: [] };
    this.byTemplate.set(template, known);
    return known;
  }
}

const templates = new WeakMap<Pod, string>();

/** Equal for pods of which every node thinks the same. */
export function templateOf(pod: Pod, filters: readonly NodeFilter[]): string | undefined {
  if (filters.some(({ podChanged }) => podChanged !== undefined)) return undefined;
  const { spec, status } = pod;
  const hasClaims = (spec.volumes ?? []).some(({ persistentVolumeClaim, ephemeral }) => persistentVolumeClaim ?? ephemeral);
  if (hasClaims || (spec.resourceClaims ?? []).length > 0 || (status?.nominatedNodeName ?? '') !== '') return undefined;
  const known = templates.get(pod);
  if (known !== undefined) return known;
  const { amounts, hostPorts } = demandOf(pod);
  const { schedulerName, nodeName, nodeSelector, affinity, tolerations, priority, preemptionPolicy } = spec;
  const asked = [schedulerName, nodeName, nodeSelector, affinity, tolerations, priority, preemptionPolicy, [...amounts], hostPorts];
  const template = JSON.stringify([namespaceOf(pod), ...asked]);
  templates.set(pod, template);
  return template;
}
