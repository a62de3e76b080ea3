/** Which pods are bound to which node: an index over the store's pods, kept up to date change by change. */
import type { Pod } from '../../kube/generated/types.ts';
import { deepEqual } from '../../kube/equality.ts';
import { keyText, labelsOf, type ObjectName } from '../../kube/object.ts';
import { groupResource, pods } from '../../kube/resource-type.ts';
import type { Stored, View } from '../../kube/view.ts';
import type { Change, Store } from '../../store/store.ts';
import type { PodReferences } from './pod-references.ts';
import { referencesOf } from './pod-references.ts';

export interface PodsOfNode {
  /** Frozen objects, in no particular order. */
  list(nodeName: string): readonly Pod[];
  view(): View;
  /** Whether a pod of this node names the object. The namespace does not matter for kinds of the whole cluster. */
  names(nodeName: string, what: keyof PodReferences, namespace: string, name: string): boolean;
  /** Another number whenever a pod of the node has come, gone, or got other labels. */
  version(nodeName: string): number;
  /** Every claim that a pod of this node names. */
  claims(nodeName: string): readonly ObjectName[];
}

/** Stored, not parsed: a node's pods are read when it asks for them. */
interface Entry {
  readonly nodeName: string;
  readonly stored: Stored;
  references?: PodReferences;
}

const ofCluster: ReadonlySet<keyof PodReferences> = new Set(['runtimeClasses']);

const podResource = groupResource(pods);

const podOf = ({ object }: Stored): Pod => object as Pod;

export const podReferences = (pod: Pod): PodReferences => referencesOf(pod);

export function createPodsOfNode(store: Pick<Store, 'view' | 'onApplied'>): PodsOfNode {
  const byNode = new Map<string, Map<string, Entry>>();
  const entries = new Map<string, Entry>();
  const versions = new Map<string, number>();
  let filled = false;

  const bump = (nodeName: string): void => {
    if (nodeName !== '') versions.set(nodeName, (versions.get(nodeName) ?? 0) + 1);
  };

  function put(key: string, stored: Stored): void {
    const entry: Entry = { nodeName: podOf(stored).spec?.nodeName ?? '', stored };
    entries.set(key, entry);
    if (entry.nodeName === '') return;
    const own = byNode.get(entry.nodeName) ?? new Map<string, Entry>();
    own.set(key, entry);
    byNode.set(entry.nodeName, own);
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
    if ((entries.get(key)?.stored.revision ?? -1) >= change.revision) return;
    const before = entries.get(key)?.nodeName ?? '';
    remove(key);
    if (change.type !== 'deleted') put(key, change);
    const now = entries.get(key)?.nodeName ?? '';
    if (before === now && deepEqual(change.previous?.labels, labelsOf(change.object))) return;
    bump(before);
    bump(now);
  }

  /** Late, so that making the index costs nothing where no node ever asks. */
  function fill(): void {
    if (filled) return;
    filled = true;
    for (const stored of store.view().list(podResource)) put(keyText(stored.key), stored);
    store.onApplied((_revision, changes) => changes.forEach(apply));
  }

  function own(nodeName: string): Iterable<Entry> {
    fill();
    return byNode.get(nodeName)?.values() ?? [];
  }

  const referencesIn = (entry: Entry): PodReferences => (entry.references ??= referencesOf(podOf(entry.stored)));

  return {
    view: () => store.view(),
    list: (nodeName) => [...own(nodeName)].map(({ stored }) => podOf(stored)),
    names(nodeName, what, namespace, name) {
      for (const entry of own(nodeName)) {
        if (!ofCluster.has(what) && entry.stored.key.namespace !== namespace) continue;
        if (referencesIn(entry)[what].has(name)) return true;
      }
      return false;
    },
    version(nodeName) {
      fill();
      return versions.get(nodeName) ?? 0;
    },
    claims: (nodeName) =>
      [...own(nodeName)].flatMap((entry) =>
        [...referencesIn(entry).claims].map((name) => ({ namespace: entry.stored.key.namespace, name })),
      ),
  };
}
