/** A node and pods: it makes only mirrors of its own, and reports only on those that are bound to it. */
import { deepEqual } from '../../../kube/equality.ts';
import type { Node, OwnerReference, PersistentVolumeClaim, Pod } from '../../../kube/generated/types.ts';
import { annotationsOf, labelsOf } from '../../../kube/object.ts';
import { nodes, pods } from '../../../kube/resource-type.ts';
import { unifiedDiff } from '../../../kube/unified-diff.ts';
import { mirrorAnnotation } from '../../../kube/pod-references.ts';
import { type Check, type CheckContext, existing, isOfKind, quote, unexpectedOperation } from './check.ts';
import { referencedObjects } from '../../../kube/referenced-objects.ts';

export const checkPod: Check = async (attributes, context) => {
  const { nodeName } = context;
  switch (attributes.operation) {
    case 'CREATE':
      return creation(attributes.object as Pod, context);
    case 'DELETE': {
      const pod = attributes.oldObject ?? (await existing<Pod>(pods, attributes, context));
      return isBoundTo(nodeName, pod) ? '' : `node ${quote(nodeName)} can only delete pods with spec.nodeName set to itself`;
    }
    case 'CONNECT':
    case 'UPDATE':
      return `${unexpectedOperation(attributes)}, node ${quote(nodeName)} can only create and delete mirror pods`;
  }
};

const isBoundTo = (nodeName: string, pod: object | undefined): boolean => (pod as Pod | undefined)?.spec?.nodeName === nodeName;

async function creation(pod: Pod, context: CheckContext): Promise<string> {
  const { nodeName } = context;
  if (annotationsOf(pod)[mirrorAnnotation] === undefined) {
    return `pod does not have ${quote(mirrorAnnotation)} annotation, node ${quote(nodeName)} can only create mirror pods`;
  }
  const who = `node ${quote(nodeName)} can only create pods with`;
  if (!isBoundTo(nodeName, pod)) return `${who} spec.nodeName set to itself`;
  const [owner, ...more] = pod.metadata.ownerReferences ?? [];
  if (more.length > 0) return `${who} a single owner reference set to itself`;
  const problem = owner === undefined ? `${who} an owner reference set to itself` : await ownerProblem(owner, context);
  return problem === '' ? referenceProblem(pod, nodeName) : problem;
}

async function ownerProblem(owner: OwnerReference, context: CheckContext): Promise<string> {
  const { nodeName } = context;
  const isSelf = isOfKind(nodes, owner) && owner.name === nodeName;
  if (!isSelf) return `node ${quote(nodeName)} can only create pods with an owner reference set to itself`;
  if (owner.controller !== true) return `node ${quote(nodeName)} can only create pods with a controller owner reference set to itself`;
  if (owner.blockOwnerDeletion === true) return `node ${quote(nodeName)} must not set blockOwnerDeletion on an owner reference`;
  const node = await existing<Node>(nodes, { namespace: '', name: nodeName }, context);
  const uid = node.metadata.uid ?? '';
  return owner.uid === uid ? '' : `node ${nodeName} UID mismatch: expected ${owner.uid} got ${uid}`;
}

function referenceProblem(pod: Pod, nodeName: string): string {
  const found = referencedObjects(pod);
  if (found.problem !== undefined) return `error checking mirror pod for API references: ${found.problem}`;
  return found.what === undefined ? '' : `node ${quote(nodeName)} can not create pods that reference ${found.what}`;
}

/** What the scheduler and the controllers of claims write into a pod's status. */
const statusesOfOthers = [
  ['resourceClaimStatuses', 'resource claim statues'],
  ['extendedResourceClaimStatus', 'extended resource claim status'],
  ['nodeAllocatableResourceClaimStatuses', 'node allocatable resource claim statuses'],
] as const;

export const checkPodStatus: Check = async (attributes, { nodeName }) => {
  if (attributes.operation !== 'UPDATE') return unexpectedOperation(attributes);
  const [next, current] = [attributes.object as Pod, attributes.oldObject as Pod];
  if (!isBoundTo(nodeName, current)) return `node ${quote(nodeName)} can only update pod status for pods with spec.nodeName set to itself`;
  if (!deepEqual(labelsOf(next), labelsOf(current))) return `node ${quote(nodeName)} cannot update labels through pod status`;
  const of = (pod: Pod, field: string): unknown => (pod.status as Readonly<Record<string, unknown>> | undefined)?.[field];
  const isSame = (field: string): boolean => deepEqual(emptied(of(next, field)), emptied(of(current, field)));
  const changed = statusesOfOthers.find(([field]) => !isSame(field));
  return changed === undefined ? '' : `node ${quote(nodeName)} cannot update ${changed[1]}`;
};

const emptied = (value: unknown): unknown => (Array.isArray(value) && value.length === 0 ? undefined : (value ?? undefined));

export const checkPodEviction: Check = async (attributes, context) => {
  const { operation, namespace, object } = attributes;
  if (operation !== 'CREATE') return `unexpected operation ${operation}`;
  const name = attributes.name === '' ? (object?.metadata.name ?? '') : attributes.name;
  if (name === '') return 'could not determine pod from request data';
  const pod = await existing<Pod>(pods, { namespace, name }, context);
  return isBoundTo(context.nodeName, pod) ? '' : `node ${context.nodeName} can only evict pods with spec.nodeName set to itself`;
};

/** What a node that grows a volume writes. */
const statusOfNode = { capacity: undefined, conditions: undefined, allocatedResources: undefined, allocatedResourceStatuses: undefined };

const withoutNodesPart = (claim: PersistentVolumeClaim): PersistentVolumeClaim => ({
  ...claim,
  metadata: { ...claim.metadata, resourceVersion: undefined, managedFields: undefined },
  status: { ...claim.status, ...statusOfNode },
});

export const checkClaimStatus: Check = async (attributes, { nodeName }) => {
  if (attributes.operation !== 'UPDATE') return unexpectedOperation(attributes);
  const next = withoutNodesPart(attributes.object as PersistentVolumeClaim);
  const current = withoutNodesPart(attributes.oldObject as PersistentVolumeClaim);
  if (deepEqual(next, current)) return '';
  const difference = unifiedDiff(current, next);
  return `node ${quote(nodeName)} is not allowed to update fields other than status.quantity and status.conditions: ${difference}`;
};
