/** The objects that the control plane sent in answers of polls, kept by kind: the node's pods and what they need. */
import type {
  ClusterTrustBundle,
  CSIDriver,
  ConfigMap,
  EndpointSlice,
  NetworkPolicy,
  Node,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  RuntimeClass,
  Secret,
  Service,
  ServiceCIDR,
  VolumeAttachment,
} from '../functions/kube/generated/types.ts';
import type { NodePollResponse, UnreadableName } from '../functions/node-protocol/node-poll.ts';
import { keyText, nameOf, namespaceOf, type KubeObject } from '../functions/kube/object.ts';
import { policyPeerKind, type PolicyPeer } from '../functions/kube/policy-peers.ts';
import { isMirror } from './static-pods/static-pod.ts';
import { createSelection, type PolicySelection } from './policies/selection.ts';

export interface DesiredState {
  /** What this node runs: the API's pods but for mirrors, and the node's own. */
  readonly pods: () => readonly Pod[];
  /** As the API has them, with the addresses that it knows. */
  readonly apiPods: () => readonly Pod[];
  /** By which the API shows the node's own pods. */
  readonly mirrors: () => readonly Pod[];
  readonly services: () => readonly Service[];
  readonly endpointSlices: () => readonly EndpointSlice[];
  readonly nodes: () => readonly Node[];
  readonly serviceCidrs: () => readonly ServiceCIDR[];
  readonly configMap: (namespace: string, name: string) => ConfigMap | undefined;
  readonly secret: (namespace: string, name: string) => Secret | undefined;
  readonly claim: (namespace: string, name: string) => PersistentVolumeClaim | undefined;
  readonly persistentVolume: (name: string) => PersistentVolume | undefined;
  readonly csiDriver: (name: string) => CSIDriver | undefined;
  readonly volumeAttachment: (name: string) => VolumeAttachment | undefined;
  readonly persistentVolumes: () => readonly PersistentVolume[];
  readonly clusterTrustBundles: () => readonly ClusterTrustBundle[];
  readonly runtimeClass: (name: string) => RuntimeClass | undefined;
  /** Policies that select pods of this node. */
  readonly networkPolicies: () => readonly NetworkPolicy[];
  /** The pods, of all nodes, that these policies' rules select. */
  readonly policyPeers: () => readonly PolicyPeer[];
  readonly selection: Pick<PolicySelection, 'policiesOf'>;
  /** False until the first answer or a checkpoint: nothing may be judged an orphan before. */
  readonly isKnown: () => boolean;
  /** What the node runs without being asked by the API. */
  setStaticPods(pods: readonly Pod[]): void;
  /** The kinds that changed. */
  apply(answer: Pick<NodePollResponse, 'snapshot' | 'objects' | 'gone' | 'unreadable'>): ReadonlySet<string>;
  /** Everything, for the checkpoint. */
  all(): readonly KubeObject[];
}

/** Kinds of objects that pods name, or that claims of pods do. */
const namedKinds = ['ConfigMap', 'Secret', 'RuntimeClass', 'PersistentVolumeClaim', 'PersistentVolume'];
/** Kinds that name others: the control plane cannot read which. */
const namingKinds: ReadonlySet<string> = new Set(['Pod', 'PersistentVolumeClaim']);

/** What the control plane cannot read stays as it is here, with all that it may name. */
function forgetAllBut(kinds: Map<string, Map<string, KubeObject>>, names: readonly UnreadableName[]): void {
  const kept = names.flatMap(({ kind, ...at }) => {
    const object = kinds.get(kind)?.get(keyText(at));
    return object === undefined ? [] : [{ kind, key: keyText(at), object }];
  });
  const named = kept.some(({ kind }) => namingKinds.has(kind)) ? namedKinds.map((kind) => [kind, kinds.get(kind)] as const) : [];
  kinds.clear();
  for (const [kind, objects] of named) if (objects !== undefined) kinds.set(kind, objects);
  for (const { kind, key, object } of kept) kinds.set(kind, (kinds.get(kind) ?? new Map<string, KubeObject>()).set(key, object));
}

export function createDesiredState(): DesiredState {
  const kinds = new Map<string, Map<string, KubeObject>>();
  let known = false;
  let staticPods: readonly Pod[] = [];
  const ofKind = (kind: string): Map<string, KubeObject> => {
    const objects = kinds.get(kind) ?? new Map<string, KubeObject>();
    kinds.set(kind, objects);
    return objects;
  };
  const keyOf = (object: KubeObject): string => keyText({ namespace: namespaceOf(object), name: nameOf(object) });
  // The poll's answer names the kind of each object; here it decides the type.
  const list = <T extends KubeObject>(kind: string): readonly T[] => [...(kinds.get(kind)?.values() ?? [])] as T[];

  const apiPods = (): readonly Pod[] => list<Pod & KubeObject>('Pod');
  const selection = createSelection();
  const networkPolicies = (): readonly NetworkPolicy[] => list<NetworkPolicy & KubeObject>('NetworkPolicy');
  const policyPeers = (): readonly PolicyPeer[] => list<PolicyPeer>(policyPeerKind);
  /** The control plane does not report policies that a node no longer needs: see `policy-news.ts`. */
  const dropUnneededPolicies = (changed: ReadonlySet<string>): void => {
    if (!['Pod', 'NetworkPolicy', policyPeerKind].some((kind) => changed.has(kind))) return;
    selection.update(apiPods(), networkPolicies());
    if (networkPolicies().length === 0 && policyPeers().length === 0) return;
    const { policies, peers } = selection.unneeded(policyPeers());
    for (const policy of policies) ofKind('NetworkPolicy').delete(keyOf(policy));
    for (const peer of peers) ofKind(policyPeerKind).delete(keyOf(peer));
    if (policies.length > 0) selection.update(apiPods(), networkPolicies());
  };

  return {
    networkPolicies,
    policyPeers,
    selection,
    pods: () => [...apiPods().filter((pod) => !isMirror(pod)), ...staticPods],
    apiPods,
    mirrors: () => apiPods().filter(isMirror),
    setStaticPods(pods) {
      staticPods = pods;
    },
    serviceCidrs: () => list<ServiceCIDR & KubeObject>('ServiceCIDR'),
    services: () => list<Service & KubeObject>('Service'),
    endpointSlices: () => list<EndpointSlice & KubeObject>('EndpointSlice'),
    nodes: () => list<Node & KubeObject>('Node'),
    configMap: (namespace, name) => ofKind('ConfigMap').get(keyText({ namespace, name })) as ConfigMap | undefined,
    secret: (namespace, name) => ofKind('Secret').get(keyText({ namespace, name })) as Secret | undefined,
    claim: (namespace, name) => ofKind('PersistentVolumeClaim').get(keyText({ namespace, name })) as PersistentVolumeClaim | undefined,
    persistentVolume: (name) => ofKind('PersistentVolume').get(name) as PersistentVolume | undefined,
    csiDriver: (name) => ofKind('CSIDriver').get(name) as CSIDriver | undefined,
    volumeAttachment: (name) => ofKind('VolumeAttachment').get(name) as VolumeAttachment | undefined,
    persistentVolumes: () => list<PersistentVolume & KubeObject>('PersistentVolume'),
    clusterTrustBundles: () => list<ClusterTrustBundle & KubeObject>('ClusterTrustBundle'),
    runtimeClass: (name) => ofKind('RuntimeClass').get(keyText({ namespace: '', name })) as RuntimeClass | undefined,
    isKnown: () => known,
    apply(answer) {
      const changed = new Set<string>();
      if (answer.snapshot) {
        for (const kind of kinds.keys()) changed.add(kind);
        forgetAllBut(kinds, answer.unreadable ?? []);
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
      dropUnneededPolicies(changed);
      known = true;
      return changed;
    },
    all: () => [...kinds.values()].flatMap((objects) => [...objects.values()]),
  };
}
