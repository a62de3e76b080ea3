/**
 * On which nodes a DaemonSet runs a pod, and the template of that pod. Pure.
 * Source: pkg/controller/daemon/daemon_controller.go, nodeShouldRunDaemonPod; daemon/util/daemonset_util.go.
 */
import { deepEqual } from '../../kube/equality.ts';
import type { DaemonSet, Node, NodeSelector, Pod, PodSpec, PodTemplateSpec, Toleration } from '../../kube/generated/types.ts';
import { matchesNodeAffinity } from '../../kube/node-selector.ts';
import { annotationsOf, labelsOf, nameOf } from '../../kube/object.ts';
import { revisionHashLabel } from '../shared/revisions.ts';
import { tolerates } from '../shared/taints.ts';

const generationAnnotation = 'deprecated.daemonset.template.generation';
const generationLabel = 'pod-template-generation';

const toleration = (key: string, effect: string): Toleration => ({ key: `node.kubernetes.io/${key}`, operator: 'Exists', effect });

/** A daemon stays on a node that is in trouble. */
const daemonTolerations: readonly Toleration[] = [
  toleration('not-ready', 'NoExecute'),
  toleration('unreachable', 'NoExecute'),
  toleration('disk-pressure', 'NoSchedule'),
  toleration('memory-pressure', 'NoSchedule'),
  toleration('pid-pressure', 'NoSchedule'),
  toleration('unschedulable', 'NoSchedule'),
];

/** The network is not needed by a pod that uses its node's. */
const hostNetworkToleration = toleration('network-unavailable', 'NoSchedule');

const isSameToleration = (a: Toleration, b: Toleration): boolean =>
  deepEqual({ ...a, tolerationSeconds: undefined }, { ...b, tolerationSeconds: undefined });

export function daemonTolerationsOf(spec: PodSpec): Toleration[] {
  const added = spec.hostNetwork === true ? [...daemonTolerations, hostNetworkToleration] : daemonTolerations;
  return added.reduce<Toleration[]>(
    (tolerations, one) =>
      tolerations.some((own) => isSameToleration(own, one))
        ? tolerations.map((own) => (isSameToleration(own, one) ? one : own))
        : [...tolerations, one],
    [...(spec.tolerations ?? [])],
  );
}

export interface Placement {
  /** A pod belongs here. */
  readonly shouldRun: boolean;
  /** A pod that is here already may stay. */
  readonly shouldContinue: boolean;
}

const nowhere: Placement = { shouldRun: false, shouldContinue: false };

/** Decides about many nodes: what follows from the DaemonSet alone is computed once. */
export function placementOf({ spec }: DaemonSet): (node: Node) => Placement {
  const podSpec = spec.template.spec;
  const tolerations = daemonTolerationsOf(podSpec);
  return (node) => {
    const nodeName = podSpec.nodeName ?? '';
    if ((nodeName !== '' && nodeName !== nameOf(node)) || !matchesNodeAffinity(podSpec, node)) return nowhere;
    const untolerated = (node.spec?.taints ?? []).filter((taint) => !tolerations.some((one) => tolerates(one, taint)));
    const isRefused = (effect: string): boolean => untolerated.some((taint) => taint.effect === effect);
    return { shouldRun: !isRefused('NoExecute') && !isRefused('NoSchedule'), shouldContinue: !isRefused('NoExecute') };
  };
}

const templateGenerationOf = (set: DaemonSet): string | undefined => {
  const text = annotationsOf(set)[generationAnnotation];
  return text !== undefined && /^[+-]?\d+$/.test(text) ? String(Number(text)) : undefined;
};

/** Made from the template that the DaemonSet has now. */
export function isPodUpdated(set: DaemonSet, pod: Pod, hash: string): boolean {
  const generation = templateGenerationOf(set);
  return labelsOf(pod)[revisionHashLabel] === hash || (generation !== undefined && labelsOf(pod)[generationLabel] === generation);
}

/** The template of the pod of one node: the scheduler can place it nowhere else. */
export function templateForNode(set: DaemonSet, hash: string, nodeName: string): PodTemplateSpec {
  const { template } = set.spec;
  const generation = templateGenerationOf(set);
  const { affinity } = template.spec;
  const required: NodeSelector = {
    nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: [nodeName] }] }],
  };
  return {
    ...template,
    metadata: {
      ...template.metadata,
      labels: {
        ...template.metadata?.labels,
        ...(generation !== undefined && { [generationLabel]: generation }),
        [revisionHashLabel]: hash,
      },
    },
    spec: {
      ...template.spec,
      tolerations: daemonTolerationsOf(template.spec),
      affinity: { ...affinity, nodeAffinity: { ...affinity?.nodeAffinity, requiredDuringSchedulingIgnoredDuringExecution: required } },
    },
  };
}

/** The node that the pod is on, or is meant for. */
export function targetNodeOf({ spec }: Pod): string | undefined {
  if ((spec?.nodeName ?? '') !== '') return spec?.nodeName;
  const terms = spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];
  const byName = terms
    .flatMap(({ matchFields = [] }) => matchFields)
    .find(({ key, operator }) => key === 'metadata.name' && operator === 'In');
  return byName?.values?.length === 1 ? byName.values[0] : undefined;
}
