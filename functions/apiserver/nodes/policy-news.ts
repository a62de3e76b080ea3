/**
 * What a node hears of NetworkPolicies: those that select its pods, and the addresses of the pods that their rules select,
 * wherever these run. Pods of other nodes travel as `PolicyPeer`, without their labels. Read only where there are policies.
 *
 * A node drops by itself what its policies no longer need (`kube/policy-peers.ts` has the rule that both follow). So a policy
 * that begins to matter to a node brings all that it selects again. Nothing older can remain.
 */
import type { Namespace, NetworkPolicy, Pod } from '../../kube/generated/types.ts';
import { derived } from '../../kube/derived.ts';
import { deepEqual } from '../../kube/equality.ts';
import { matchesLabels, requirementsOf, type Requirement } from '../../kube/labels.ts';
import { agentGroup, type GoneObject } from '../../node-protocol/node-poll.ts';
import { keyText, labelsOf, nameOf, namespaceOf, uidOf, type KubeObject } from '../../kube/object.ts';
import {
  groupsOfPolicy,
  hasOwnNetwork,
  namedPortsOf,
  nameServerPeer,
  podAddresses,
  policyPeerKind,
  portNamesOfPolicy,
  type PeerPort,
  type PolicyPeer,
} from '../../kube/policy-peers.ts';
import { apiVersionOf, groupResource, namespaces, networkPolicies, pods } from '../../kube/resource-type.ts';
import { readable, readObject } from '../../kube/unreadable-object.ts';
import type { Stored, StoreView } from '../../kube/view.ts';
import type { Change } from '../../store/store.ts';
import type { NodeDelta } from './node-changes.ts';
import type { PodsOfNode } from './pods-of-node.ts';

const podResource = groupResource(pods);
const policyResource = groupResource(networkPolicies);
const namespaceResource = groupResource(namespaces);
const peerVersion = `${agentGroup}/v1`;

type Labels = Readonly<Record<string, string>>;

interface Group {
  readonly key: string;
  readonly namespace: string | undefined;
  readonly ofNamespace: readonly Requirement[];
  readonly ofPod: readonly Requirement[];
}

interface KnownPolicy {
  readonly revision: number;
  readonly sent: KubeObject;
  readonly namespace: string;
  readonly selector: readonly Requirement[];
  readonly groups: readonly Group[];
  readonly portNames: readonly string[];
}

interface AllPolicies {
  readonly byNamespace: ReadonlyMap<string, readonly (readonly [string, KnownPolicy])[]>;
  readonly groups: readonly Group[];
}

/** The policies and peers that one node needs. */
interface Needs {
  readonly all: AllPolicies;
  readonly version: number;
  readonly policies: ReadonlyMap<string, KnownPolicy>;
  /** The node's pods that each policy selects. */
  readonly selected: ReadonlyMap<string, readonly string[]>;
  readonly groups: ReadonlyMap<string, Group>;
  readonly portNames: ReadonlySet<string>;
}

/** A pod as its peers see it. */
interface Candidate {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly labels: Labels;
  readonly addresses: readonly string[];
  readonly ports: readonly PeerPort[];
  readonly isNameServer?: true;
}

export interface PolicyNews {
  snapshot(nodeName: string): readonly KubeObject[];
  delta(nodeName: string, changes: readonly Change[]): NodeDelta;
  /** Asked for every change and every waiting node. */
  concerns(change: Change, nodeName: string): boolean;
}

export interface PolicyNewsOptions {
  readonly view: () => StoreView;
  readonly podsOfNode: PodsOfNode;
}

export const createPolicyNews = (options: PolicyNewsOptions): PolicyNews => new News(options);

function known(revision: number, policy: NetworkPolicy & KubeObject): KnownPolicy {
  const groups = groupsOfPolicy(policy).map(({ key, namespace, namespaceSelector, podSelector }): Group => {
    return { key, namespace, ofNamespace: requirementsOf(namespaceSelector ?? {}), ofPod: requirementsOf(podSelector) };
  });
  const { name, namespace, uid } = policy.metadata;
  const sent = {
    apiVersion: apiVersionOf(networkPolicies),
    kind: networkPolicies.kind,
    metadata: { name, namespace, uid },
    spec: policy.spec,
  };
  const selector = requirementsOf(policy.spec?.podSelector ?? {});
  return { revision, sent, namespace: namespaceOf(policy), selector, groups, portNames: portNamesOfPolicy(policy) };
}

/** One that cannot be read lets nothing through to the pods of its namespace: what it would allow is not known. */
const policyIn = (stored: Stored): NetworkPolicy & KubeObject =>
  (readObject(stored) ?? {
    metadata: { namespace: stored.key.namespace, name: stored.key.name },
    spec: { podSelector: {}, policyTypes: ['Ingress', 'Egress'] },
  }) as NetworkPolicy & KubeObject;

const isOver = (phase: string | undefined): boolean => phase === 'Succeeded' || phase === 'Failed';

function candidateOf(pod: Pod): Candidate | undefined {
  const addresses = podAddresses(pod);
  if (addresses.length === 0 || isOver(pod.status?.phase) || !hasOwnNetwork(pod)) return undefined;
  return { namespace: namespaceOf(pod), name: nameOf(pod), uid: uidOf(pod), labels: labelsOf(pod), addresses, ports: namedPortsOf(pod) };
}

const nameServer: Candidate = { ...nameServerPeer, addresses: [], isNameServer: true };

/** Whether anything changed that peers see of the pod. */
function isSeenByPeers({ type, previous, object }: Change): boolean {
  const { status } = object as Pod;
  if (type === 'added') return podAddresses(object as Pod).length > 0;
  if (type === 'deleted' || previous === undefined) return true;
  return (
    (previous.fields['status.podIP'] ?? '') !== (status?.podIPs?.[0]?.ip ?? status?.podIP ?? '') ||
    isOver(previous.fields['status.phase']) !== isOver(status?.phase) ||
    !deepEqual(previous.labels, labelsOf(object))
  );
}

const hasOtherLabels = ({ type, previous, object }: Change): boolean =>
  type !== 'deleted' && (previous === undefined || !deepEqual(previous.labels, labelsOf(object)));

const goneObject = (kind: string, apiVersion: string, object: KubeObject): GoneObject => {
  return { apiVersion, kind, namespace: namespaceOf(object), name: nameOf(object), uid: uidOf(object) };
};

class News implements PolicyNews {
  readonly #options: PolicyNewsOptions;
  readonly #needs = new Map<string, Needs>();
  readonly #touched = new WeakMap<Change, { readonly all: AllPolicies; readonly keys: ReadonlySet<string> }>();
  #known = new Map<string, KnownPolicy>();
  readonly #all: (view: StoreView) => AllPolicies;

  constructor(options: PolicyNewsOptions) {
    this.#options = options;
    this.#all = derived([policyResource], (view) => this.#read(view));
  }

  /** Policies that did not change are not read again. */
  #read(view: StoreView): AllPolicies {
    const before = this.#known;
    this.#known = new Map();
    const groups = new Map<string, Group>();
    for (const stored of view.list(policyResource)) {
      const key = keyText(stored.key);
      const old = before.get(key);
      const policy = old?.revision === stored.revision ? old : known(stored.revision, policyIn(stored));
      this.#known.set(key, policy);
      for (const group of policy.groups) groups.set(group.key, group);
    }
    return { byNamespace: Map.groupBy(this.#known, ([, { namespace }]) => namespace), groups: [...groups.values()] };
  }

  #needsOf(nodeName: string): Needs {
    const { view, podsOfNode } = this.#options;
    const all = this.#all(view());
    const version = podsOfNode.version(nodeName);
    const before = this.#needs.get(nodeName);
    if (before?.all === all && before.version === version) return before;
    const policies = new Map<string, KnownPolicy>();
    const selected = new Map<string, string[]>();
    for (const pod of podsOfNode.list(nodeName).filter(hasOwnNetwork)) {
      for (const [key, policy] of all.byNamespace.get(namespaceOf(pod)) ?? []) {
        if (!matchesLabels(policy.selector, labelsOf(pod))) continue;
        policies.set(key, policy);
        selected.set(key, [...(selected.get(key) ?? []), nameOf(pod)]);
      }
    }
    const groups = new Map([...policies.values()].flatMap((policy) => policy.groups.map((group) => [group.key, group] as const)));
    const portNames = new Set([...policies.values()].flatMap((policy) => policy.portNames));
    const needs: Needs = { all, version, policies, selected, groups, portNames };
    this.#needs.set(nodeName, needs);
    return needs;
  }

  #labelsOfNamespace(namespace: string): Labels | undefined {
    const found = this.#options.view().get({ resource: namespaceResource, namespace: '', name: namespace });
    const object = readObject(found);
    return object === undefined ? undefined : labelsOf(object as Namespace & KubeObject);
  }

  #matching(groups: Iterable<Group>, namespace: string, labels: Labels, ofNamespace = this.#labelsOfNamespace(namespace)): string[] {
    const found: string[] = [];
    for (const group of groups) {
      const isThere = group.namespace === undefined ? matchesLabels(group.ofNamespace, ofNamespace ?? {}) : group.namespace === namespace;
      if (isThere && matchesLabels(group.ofPod, labels)) found.push(group.key);
    }
    return found;
  }

  /** The groups, of all policies, that the change of a pod touches: those that it was in and those that it is in. */
  #touchedBy(change: Change): ReadonlySet<string> {
    const all = this.#all(this.#options.view());
    const before = this.#touched.get(change);
    if (before?.all === all) return before.keys;
    const keys = new Set<string>();
    if (isSeenByPeers(change) && hasOwnNetwork(change.object as Pod)) {
      const both = [labelsOf(change.object), ...(change.previous === undefined ? [] : [change.previous.labels])];
      for (const key of both.flatMap((labels) => this.#matching(all.groups, change.key.namespace, labels))) keys.add(key);
    }
    this.#touched.set(change, { all, keys });
    return keys;
  }

  #touches(change: Change, { groups }: Needs): boolean {
    for (const key of this.#touchedBy(change)) if (groups.has(key)) return true;
    return false;
  }

  #hasPodsIn(nodeName: string, namespace: string): boolean {
    return this.#options.podsOfNode.list(nodeName).some((pod) => namespaceOf(pod) === namespace);
  }

  concerns(change: Change, nodeName: string): boolean {
    const { resource, namespace } = change.key;
    if (resource === policyResource) {
      return change.type === 'added' ? this.#needsOf(nodeName).policies.has(keyText(change.key)) : this.#hasPodsIn(nodeName, namespace);
    }
    if (resource === podResource) return this.#touches(change, this.#needsOf(nodeName));
    if (resource !== namespaceResource || !hasOtherLabels(change)) return false;
    return [...this.#needsOf(nodeName).groups.values()].some((group) => group.namespace === undefined);
  }

  #peer(needs: Needs, candidate: Candidate): PolicyPeer | undefined {
    const { namespace, name, uid, labels, addresses } = candidate;
    const groups = this.#matching(needs.groups.values(), namespace, labels);
    if (groups.length === 0) return undefined;
    const ports = candidate.ports.filter((port) => needs.portNames.has(port.name));
    return {
      apiVersion: peerVersion,
      kind: policyPeerKind,
      metadata: { namespace, name, uid },
      addresses,
      groups,
      ...(ports.length === 0 ? {} : { ports }),
      ...(candidate.isNameServer === true ? { isNameServer: true } : {}),
    };
  }

  #candidatesIn(namespace: string): Candidate[] {
    const listed = readable(this.#options.view().list(podResource, namespace));
    const found = listed.flatMap(({ object }) => candidateOf(object as Pod) ?? []);
    return namespace === nameServer.namespace ? [...found, nameServer] : found;
  }

  /** All pods in these groups, on whatever node they are. */
  #members(needs: Needs, groups: readonly Group[]): PolicyPeer[] {
    if (groups.length === 0) return [];
    const wide = groups.filter(({ namespace }) => namespace === undefined);
    const local = new Set(groups.map(({ namespace }) => namespace));
    const all =
      wide.length === 0
        ? [...local].flatMap((name) => name ?? [])
        : this.#options
            .view()
            .list(namespaceResource)
            .map(({ key }) => key.name);
    const wanted = new Set(groups.map(({ key }) => key));
    return all
      .filter((name) => local.has(name) || wide.some(({ ofNamespace }) => matchesLabels(ofNamespace, this.#labelsOfNamespace(name))))
      .flatMap((name) => this.#candidatesIn(name))
      .flatMap((candidate) => this.#peer(needs, candidate) ?? [])
      .filter((peer) => peer.groups.some((key) => wanted.has(key)));
  }

  snapshot(nodeName: string): readonly KubeObject[] {
    const needs = this.#needsOf(nodeName);
    return [...[...needs.policies.values()].map(({ sent }) => sent), ...this.#members(needs, [...needs.groups.values()])];
  }

  delta(nodeName: string, changes: readonly Change[]): NodeDelta {
    const needs = this.#needsOf(nodeName);
    const draft: Draft = { peers: new Map(), gone: [], begun: new Set(), arrived: new Set() };
    for (const change of changes) {
      if (change.key.resource === policyResource) this.#policyChanged(change, nodeName, { needs, draft });
      if (change.key.resource === podResource) this.#podChanged(change, nodeName, { needs, draft });
      if (change.key.resource === namespaceResource && hasOtherLabels(change)) this.#namespaceChanged(change, { needs, draft });
    }
    for (const [key, { namespace }] of needs.policies) {
      const before = needs.selected.get(key)?.filter((name) => !draft.arrived.has(keyText({ namespace, name })));
      if (before?.length === 0) draft.begun.add(key);
    }
    const begun = [...draft.begun].flatMap((key) => needs.policies.get(key) ?? []);
    const groups = new Map(begun.flatMap((policy) => policy.groups.map((group) => [group.key, group] as const)));
    for (const peer of this.#members(needs, [...groups.values()]))
      draft.peers.set(keyText({ namespace: namespaceOf(peer), name: nameOf(peer) }), peer);
    return { objects: [...begun.map(({ sent }) => sent), ...draft.peers.values()], gone: draft.gone };
  }

  #policyChanged({ key, type, object }: Change, nodeName: string, { needs, draft }: Working): void {
    if (needs.policies.has(keyText(key))) draft.begun.add(keyText(key));
    else if (type !== 'added' && this.#hasPodsIn(nodeName, key.namespace)) {
      draft.gone.push(goneObject(networkPolicies.kind, apiVersionOf(networkPolicies), object));
    }
  }

  #podChanged(change: Change, nodeName: string, { needs, draft }: Working): void {
    const { key, object, previous } = change;
    const isOwn = (object as Pod).spec?.nodeName === nodeName && change.type !== 'deleted';
    if (isOwn && (previous?.fields['spec.nodeName'] !== nodeName || hasOtherLabels(change))) draft.arrived.add(keyText(key));
    if (!this.#touches(change, needs)) return;
    const now = change.type === 'deleted' ? undefined : readObject(this.#options.view().get(key));
    const candidate = now === undefined ? undefined : candidateOf(now as Pod);
    const peer = candidate === undefined ? undefined : this.#peer(needs, candidate);
    draft.peers.delete(keyText(key));
    if (peer !== undefined) draft.peers.set(keyText(key), peer);
    if (peer === undefined || uidOf(peer) !== uidOf(object)) draft.gone.push(goneObject(policyPeerKind, peerVersion, object));
  }

  #namespaceChanged({ key, previous }: Change, { needs, draft }: Working): void {
    for (const candidate of this.#candidatesIn(key.name)) {
      const { namespace, name, uid, labels } = candidate;
      const peer = this.#peer(needs, candidate);
      if (peer !== undefined) draft.peers.set(keyText({ namespace, name }), peer);
      else if (this.#matching(needs.groups.values(), namespace, labels, previous?.labels ?? {}).length > 0) {
        draft.gone.push({ apiVersion: peerVersion, kind: policyPeerKind, namespace, name, uid });
      }
    }
  }
}

interface Draft {
  readonly peers: Map<string, PolicyPeer>;
  readonly gone: GoneObject[];
  /** Policies that are new to the node, or changed. */
  readonly begun: Set<string>;
  /** The node's own pods that came or have other labels. */
  readonly arrived: Set<string>;
}

interface Working {
  readonly needs: Needs;
  readonly draft: Draft;
}
