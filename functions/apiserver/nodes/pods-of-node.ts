/** Which pods are bound to which node: an index over the store's pods, kept up to date change by change. */
import type { Pod } from '../../kube/generated/types.ts';
import { keyText } from '../../kube/object.ts';
import { groupResource, pods } from '../../kube/resource-type.ts';
import type { Change, Store } from '../../store/store.ts';
import type { PodReferences } from './pod-references.ts';
import { referencesOf } from './pod-references.ts';

export interface PodsOfNode {
  /** Frozen objects, in no particular order. */
  list(nodeName: string): readonly Pod[];
  /** Whether a pod of this node names the object. */
  names(nodeName: string, what: keyof PodReferences, namespace: string, name: string): boolean;
}

type Entry = { readonly nodeName: string; readonly revision: number };

const podResource = groupResource(pods);

/** References are worked out once an object version; the version's end frees them. */
const known = new WeakMap<Pod, PodReferences>();

export function podReferences(pod: Pod): PodReferences {
  const references = known.get(pod) ?? referencesOf(pod);
  known.set(pod, references);
  return references;
}

export function createPodsOfNode(store: Pick<Store, 'view' | 'onApplied'>): PodsOfNode {
  const byNode = new Map<string, Map<string, Pod>>();
  const entries = new Map<string, Entry>();
  let filled = false;

  function put(key: string, pod: Pod, revision: number): void {
    const nodeName = pod.spec?.nodeName ?? '';
    entries.set(key, { nodeName, revision });
    if (nodeName === '') return;
    const own = byNode.get(nodeName) ?? new Map<string, Pod>();
    own.set(key, pod);
    byNode.set(nodeName, own);
  }

  function remove(key: string): void {
    const entry = entries.get(key);
    entries.delete(key);
    const own = byNode.get(entry?.nodeName ?? '');
    own?.delete(key);
    if (own?.size === 0) byNode.delete(entry?.nodeName ?? '');
  }

  function apply(change: Change): void {
    if (change.key.resource !== podResource) return;
    const key = keyText(change.key);
    // The first fill may have seen it already.
    if ((entries.get(key)?.revision ?? -1) >= change.revision) return;
    remove(key);
    if (change.type !== 'deleted') put(key, change.object as Pod, change.revision);
  }

  /** Late, so that making the index costs nothing where no node ever asks. */
  function fill(): void {
    if (filled) return;
    filled = true;
    for (const { key, object, revision } of store.view().list(podResource)) put(keyText(key), object as Pod, revision);
    store.onApplied((_revision, changes) => changes.forEach(apply));
  }

  function own(nodeName: string): Iterable<Pod> {
    fill();
    return byNode.get(nodeName)?.values() ?? [];
  }

  return {
    list: (nodeName) => [...own(nodeName)],
    names(nodeName, what, namespace, name) {
      for (const pod of own(nodeName)) {
        if (pod.metadata.namespace === namespace && podReferences(pod)[what].has(name)) return true;
      }
      return false;
    },
  };
}
