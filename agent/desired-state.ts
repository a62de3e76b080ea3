/** What the control plane wants of this node and tells it about the cluster: the objects of the polls, kept by kind. */
import type {
  ClusterTrustBundle,
  ConfigMap,
  EndpointSlice,
  Node,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  RuntimeClass,
  Secret,
  Service,
} from '../functions/kube/generated/types.ts';
import type { NodePollResponse } from '../functions/kube/node-poll.ts';
import { keyText, nameOf, namespaceOf, type KubeObject } from '../functions/kube/object.ts';

export interface DesiredState {
  readonly pods: () => readonly Pod[];
  readonly services: () => readonly Service[];
  readonly endpointSlices: () => readonly EndpointSlice[];
  readonly nodes: () => readonly Node[];
  readonly configMap: (namespace: string, name: string) => ConfigMap | undefined;
  readonly secret: (namespace: string, name: string) => Secret | undefined;
  readonly claim: (namespace: string, name: string) => PersistentVolumeClaim | undefined;
  readonly persistentVolume: (name: string) => PersistentVolume | undefined;
  readonly persistentVolumes: () => readonly PersistentVolume[];
  readonly clusterTrustBundles: () => readonly ClusterTrustBundle[];
  readonly runtimeClass: (name: string) => RuntimeClass | undefined;
  /** False until the first answer or a checkpoint: nothing may be judged an orphan before. */
  readonly isKnown: () => boolean;
  /** The kinds that changed. */
  apply(answer: Pick<NodePollResponse, 'snapshot' | 'objects' | 'gone'>): ReadonlySet<string>;
  /** Everything, for the checkpoint. */
  all(): readonly KubeObject[];
}

export function createDesiredState(): DesiredState {
  const kinds = new Map<string, Map<string, KubeObject>>();
  let known = false;
  const ofKind = (kind: string): Map<string, KubeObject> => {
    const objects = kinds.get(kind) ?? new Map<string, KubeObject>();
    kinds.set(kind, objects);
    return objects;
  };
  const keyOf = (object: KubeObject): string => keyText({ namespace: namespaceOf(object), name: nameOf(object) });
  // The poll's answer names the kind of each object; here it decides the type.
  const list = <T extends KubeObject>(kind: string): readonly T[] => [...ofKind(kind).values()] as T[];

  return {
    pods: () => list<Pod & KubeObject>('Pod'),
    services: () => list<Service & KubeObject>('Service'),
    endpointSlices: () => list<EndpointSlice & KubeObject>('EndpointSlice'),
    nodes: () => list<Node & KubeObject>('Node'),
    configMap: (namespace, name) => ofKind('ConfigMap').get(keyText({ namespace, name })) as ConfigMap | undefined,
    secret: (namespace, name) => ofKind('Secret').get(keyText({ namespace, name })) as Secret | undefined,
    claim: (namespace, name) => ofKind('PersistentVolumeClaim').get(keyText({ namespace, name })) as PersistentVolumeClaim | undefined,
    persistentVolume: (name) => ofKind('PersistentVolume').get(name) as PersistentVolume | undefined,
    persistentVolumes: () => list<PersistentVolume & KubeObject>('PersistentVolume'),
    clusterTrustBundles: () => list<ClusterTrustBundle & KubeObject>('ClusterTrustBundle'),
    runtimeClass: (name) => ofKind('RuntimeClass').get(keyText({ namespace: '', name })) as RuntimeClass | undefined,
    isKnown: () => known,
    apply(answer) {
      const changed = new Set<string>();
      if (answer.snapshot) {
        for (const kind of kinds.keys()) changed.add(kind);
        kinds.clear();
      }
      for (const { kind, namespace, name, uid } of answer.gone) {
        const key = keyText({ namespace, name });
        // A pod of the same name may have come in its place within one answer.
        if (ofKind(kind).get(key)?.metadata.uid === uid) ofKind(kind).delete(key);
        changed.add(kind);
      }
      for (const object of answer.objects) {
        ofKind(object.kind ?? '').set(keyOf(object), object);
        changed.add(object.kind ?? '');
      }
      known = true;
      return changed;
    },
    all: () => [...kinds.values()].flatMap((objects) => [...objects.values()]),
  };
}
