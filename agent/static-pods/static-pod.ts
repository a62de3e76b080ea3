/**
 * A manifest as a pod that its node runs on its own. The API shows that pod by another object: its mirror.
 * Source: pkg/kubelet/config/common.go (applyDefaults), pkg/kubelet/pod/mirror_client.go (CreateMirrorPod).
 */
import { createHash } from 'node:crypto';
import type { Pod, Toleration } from '../../functions/kube/generated/types.ts';
import { annotationsOf, nameOf, type Json, isJsonObject } from '../../functions/kube/object.ts';
import { setPodDefaults } from '../../functions/kube/pod-defaults.ts';
import { qosClassOf } from '../../functions/kube/pod-qos.ts';
import { mirrorAnnotation } from '../../functions/kube/pod-references.ts';
import { referencedObjects } from '../../functions/kube/referenced-objects.ts';

/** Which manifest it was: another one is another pod. */
export const hashAnnotation = 'kubernetes.io/config.hash';
const sourceAnnotation = 'kubernetes.io/config.source';

export const isStatic = (pod: Pod): boolean => annotationsOf(pod)[sourceAnnotation] === 'file';
export const isMirror = (pod: Pod): boolean => annotationsOf(pod)[mirrorAnnotation] !== undefined;
export const isMirrorOf = (mirror: Pod, pod: Pod): boolean =>
  annotationsOf(mirror)[mirrorAnnotation] === annotationsOf(pod)[hashAnnotation];

export class ManifestError extends Error {
  override name = 'ManifestError';
}

export interface ManifestPlace {
  readonly nodeName: string;
  readonly path: string;
}

/** Trouble of the node ends no pod that is the node's own. */
const staysOnNode: Toleration = { operator: 'Exists', effect: 'NoExecute' };

const uidLength = 32;

/** So that another manifest, node or file makes another pod, and a restart of the agent does not. */
const uidFor = (manifest: Json, { nodeName, path }: ManifestPlace): string =>
  createHash('sha256')
    .update(JSON.stringify([manifest, nodeName, path]))
    .digest('hex')
    .slice(0, uidLength);

/** The fields that all of the agent relies on; the API checks the rest when it is given the mirror. */
function checkShape(value: Json): asserts value is Json & Pod {
  const refuse = (why: string): never => {
    throw new ManifestError(`invalid pod: ${why}`);
  };
  if (!isJsonObject(value)) return refuse('the manifest is no object');
  const { apiVersion, kind, metadata, spec } = value as Partial<Pod>;
  if (apiVersion !== 'v1' || kind !== 'Pod')
    return refuse(`it is of kind ${JSON.stringify(kind)} in version ${JSON.stringify(apiVersion)}`);
  if (!isJsonObject(metadata) || typeof metadata.name !== 'string' || metadata.name === '') return refuse('name is needed for the pod');
  if (!isJsonObject(spec) || !Array.isArray(spec.containers) || spec.containers.length === 0)
    return refuse('spec.containers: Required value');
  for (const container of [...spec.containers, ...(spec.initContainers ?? [])])
    if (!isJsonObject(container) || typeof container.name !== 'string' || typeof container.image !== 'string')
      return refuse('each container needs a name and an image');
}

/** Throws ManifestError. */
export function staticPod(manifest: Json, place: ManifestPlace): Pod {
  checkShape(manifest);
  const uid = manifest.metadata.uid ?? uidFor(manifest, place);
  const { metadata, spec } = structuredClone<Pod>(manifest);
  const pod: Pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      ...metadata,
      name: `${metadata.name}-${place.nodeName.toLowerCase()}`,
      namespace: metadata.namespace ?? 'default',
      uid,
      annotations: { ...metadata.annotations, [hashAnnotation]: uid, [sourceAnnotation]: 'file' },
    },
    spec: { ...spec, nodeName: place.nodeName, tolerations: [...(spec.tolerations ?? []), staysOnNode] },
  };
  setPodDefaults(pod);
  const { what, problem } = referencedObjects(pod);
  if (problem !== undefined) throw new ManifestError(problem);
  if (what !== undefined) throw new ManifestError(`static pods may not reference ${what}`);
  return { ...pod, status: { phase: 'Pending', qosClass: qosClassOf(pod) } };
}

export interface NodeIdentity {
  readonly name: string;
  readonly uid: string;
}

/** What the API is given to show. */
export function mirrorOf(pod: Pod, node: NodeIdentity): Pod {
  const { uid, ...metadata } = pod.metadata;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      ...metadata,
      annotations: { ...annotationsOf(pod), [mirrorAnnotation]: annotationsOf(pod)[hashAnnotation] ?? uid ?? '' },
      ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: node.name, uid: node.uid, controller: true }],
    },
    spec: pod.spec,
  };
}

export const fullName = (pod: Pod): string => `${pod.metadata.namespace ?? ''}/${nameOf(pod)}`;
