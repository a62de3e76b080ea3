/** Which pods are bound to which node: an index over the store's pods. It costs nothing where no node asks. */
import type { Pod } from '../../kube/generated/types.ts';
import { indexed } from '../../kube/derived.ts';
import { deepEqual } from '../../kube/equality.ts';
import { keyText, labelsOf, type ObjectName } from '../../kube/object.ts';
import { groupResource, pods } from '../../kube/resource-type.ts';
import type { Key, Stored, View, ViewDifference } from '../../kube/view.ts';
import type { Store } from '../../store/store.ts';
import type { PodReferences } from '../../kube/pod-references.ts';
import { referencesOf } from '../../kube/pod-references.ts';

export interface PodsOfNode {
  /** Frozen objects, in no particular order. */
  list(nodeName: string): readonly Pod[];
  view(): View;
  /** The pods that cannot be read: of which node they are is not known. */
  unreadable(): readonly ObjectName[];
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
  readonly labels: Readonly<Record<string, string>>;
  readonly stored: Stored;
  references?: PodReferences;
}

const ofCluster: ReadonlySet<keyof PodReferences> = new Set(['runtimeClasses']);

const podResource = groupResource(pods);

const podOf = ({ object }: Stored): Pod => object as Pod;

const noKey: Key = { resource: '', namespace: '', name: '' };

function entryOf(stored: Stored): Entry {
  const pod = podOf(stored);
  return { nodeName: pod.spec?.nodeName ?? '', labels: labelsOf(pod), stored };
}

export const podReferences = (pod: Pod): PodReferences => referencesOf(pod);

class PodsByNode {
  readonly byNode = new Map<string, Map<string, Entry>>();
  readonly versions = new Map<string, number>();
  readonly #entries = new Map<string, Entry>();
  readonly lost = new Map<string, ObjectName>();

  change({ before, after }: ViewDifference): void {
    const key = keyText((after ?? before)?.key ?? noKey);
    const [old, now] = [this.#entries.get(key), after === undefined ? undefined : entryOf(after)];
    this.lost.delete(key);
    this.#remove(key, old);
    if (now !== undefined) this.#put(key, now);
    if (old?.nodeName === now?.nodeName && deepEqual(old?.labels, now?.labels)) return;
    this.#bump(old?.nodeName);
    this.#bump(now?.nodeName);
  }

  #bump(nodeName = ''): void {
    if (nodeName !== '') this.versions.set(nodeName, (this.versions.get(nodeName) ?? 0) + 1);
  }

  #put(key: string, entry: Entry): void {
    this.#entries.set(key, entry);
    if (entry.nodeName === '') return;
    const own = this.byNode.get(entry.nodeName) ?? new Map<string, Entry>();
    this.byNode.set(entry.nodeName, own.set(key, entry));
  }

  #remove(key: string, entry: Entry | undefined): void {
    this.#entries.delete(key);
    const own = this.byNode.get(entry?.nodeName ?? '');
    own?.delete(key);
    if (own?.size === 0) this.byNode.delete(entry?.nodeName ?? '');
  }
}

export function createPodsOfNode(store: Pick<Store, 'view'>): PodsOfNode {
  const at = indexed(
    podResource,
    new PodsByNode(),
    (index, difference) => index.change(difference),
    (index, key) => index.lost.set(keyText(key), key),
  );

  const own = (nodeName: string): Iterable<Entry> => at(store.view()).byNode.get(nodeName)?.values() ?? [];

  const referencesIn = (entry: Entry): PodReferences => (entry.references ??= referencesOf(podOf(entry.stored)));

  return {
    view: () => store.view(),
    unreadable: () => [...at(store.view()).lost.values()],
    list: (nodeName) => [...own(nodeName)].map(({ stored }) => podOf(stored)),
    names(nodeName, what, namespace, name) {
      for (const entry of own(nodeName)) {
        if (!ofCluster.has(what) && entry.stored.key.namespace !== namespace) continue;
        if (referencesIn(entry)[what].has(name)) return true;
      }
      return false;
    },
    version: (nodeName) => at(store.view()).versions.get(nodeName) ?? 0,
    claims: (nodeName) =>
      [...own(nodeName)].flatMap((entry) =>
        [...referencesIn(entry).claims].map((name) => ({ namespace: entry.stored.key.namespace, name })),
      ),
  };
}
