/**
 * Which of the node's pods each NetworkPolicy selects. The result is remembered, so that a change costs as much as what
 * changed. A new policy is compared with all pods; a pod with new labels is compared with all policies.
 */
import { deepEqual } from '../../functions/kube/equality.ts';
import type { NetworkPolicy, Pod } from '../../functions/kube/generated/types.ts';
import { keyText, labelsOf, nameOf, namespaceOf, uidOf, type KubeObject } from '../../functions/kube/object.ts';
import { selectsPod, groupsOfPolicy, type PolicyPeer } from '../../functions/kube/policy-peers.ts';

export interface PolicySelection {
  /** Takes in the node's pods and policies; what it answered before may change. */
  update(pods: readonly Pod[], policies: readonly NetworkPolicy[]): void;
  /** The policies that select the pod. */
  policiesOf(pod: Pod): readonly NetworkPolicy[];
  /** Policies that select no pod of the node, and peers that no other policy means. */
  unneeded(peers: readonly PolicyPeer[]): { readonly policies: readonly NetworkPolicy[]; readonly peers: readonly PolicyPeer[] };
}

const keyOf = (object: KubeObject): string => keyText({ namespace: namespaceOf(object), name: nameOf(object) });

interface KnownPod {
  readonly pod: Pod;
  readonly selectedBy: Set<string>;
}

export const createSelection = (): PolicySelection => new Selection();

class Selection implements PolicySelection {
  readonly #pods = new Map<string, KnownPod>();
  #policies = new Map<string, NetworkPolicy>();
  readonly #groups = new WeakMap<NetworkPolicy, readonly string[]>();

  update(pods: readonly Pod[], policies: readonly NetworkPolicy[]): void {
    const now = new Map(policies.map((policy) => [keyOf(policy), policy]));
    const changed = [...now].filter(([key, policy]) => this.#policies.get(key) !== policy);
    const removed = [...this.#policies.keys()].filter((key) => !now.has(key));
    this.#policies = now;
    const uids = new Set(pods.map(uidOf));
    for (const uid of this.#pods.keys()) if (!uids.has(uid)) this.#pods.delete(uid);
    for (const pod of pods) this.#updatePod(pod, changed, removed);
  }

  #updatePod(pod: Pod, changed: readonly (readonly [string, NetworkPolicy])[], removed: readonly string[]): void {
    const known = this.#pods.get(uidOf(pod));
    const isKnown = known !== undefined && (known.pod === pod || deepEqual(labelsOf(known.pod), labelsOf(pod)));
    const selectedBy = isKnown ? known.selectedBy : new Set<string>();
    this.#pods.set(uidOf(pod), { pod, selectedBy });
    for (const key of removed) selectedBy.delete(key);
    for (const [key, policy] of isKnown ? changed : this.#policies) {
      if (selectsPod(policy, pod)) selectedBy.add(key);
      else selectedBy.delete(key);
    }
  }

  policiesOf(pod: Pod): readonly NetworkPolicy[] {
    return [...(this.#pods.get(uidOf(pod))?.selectedBy ?? [])].flatMap((key) => this.#policies.get(key) ?? []);
  }

  unneeded(peers: readonly PolicyPeer[]): { policies: readonly NetworkPolicy[]; peers: readonly PolicyPeer[] } {
    const needed = new Set([...this.#pods.values()].flatMap(({ selectedBy }) => [...selectedBy]));
    const groups = new Set([...needed].flatMap((key) => this.#groupsOf(this.#policies.get(key))));
    return {
      policies: [...this.#policies].filter(([key]) => !needed.has(key)).map(([, policy]) => policy),
      peers: peers.filter((peer) => !peer.groups.some((group) => groups.has(group))),
    };
  }

  #groupsOf(policy: NetworkPolicy | undefined): readonly string[] {
    if (policy === undefined) return [];
    const known = this.#groups.get(policy) ?? groupsOfPolicy(policy).map(({ key }) => key);
    this.#groups.set(policy, known);
    return known;
  }
}
