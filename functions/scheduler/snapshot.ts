/** The cluster as a pass of the scheduler finds it: kept from pass to pass, and brought up to date by what has changed in between. */
import { deepEqual } from '../kube/equality.ts';
import type { Node, Pod } from '../kube/generated/types.ts';
import { labelsOf, type ObjectName, uidOf } from '../kube/object.ts';
import { isPodFinished } from '../kube/pod.ts';
import { namespaces, nodes, pods } from '../kube/resource-type.ts';
import type { Cache } from '../workers/controller.ts';
import { type Assumed, ClusterState } from './cluster-state.ts';
import { PlacedPods } from './placed-pod.ts';
import type { Difference } from './plugins/queueing-hints.ts';
import type { ViewDifference } from '../kube/view.ts';

interface Placed {
  readonly pod: Pod;
  readonly nodeName: string;
}

/** Since when changes are to be read; undefined: everything is new. */
interface Moments {
  readonly nodes: object | undefined;
  readonly pods: object | undefined;
  readonly namespaces: object | undefined;
}

const keyOf = (at: Partial<ObjectName> | undefined): string => `${at?.namespace}\n${at?.name}`;

const offersOther = (before: Node, after: Node): boolean =>
  !deepEqual(before.spec, after.spec) ||
  !deepEqual(labelsOf(before), labelsOf(after)) ||
  !deepEqual(before.status?.allocatable, after.status?.allocatable);

/** Pods of a template share what is kept of them. */
const isNews = ({ before, after }: Difference<Pod>): boolean =>
  before?.spec !== after?.spec || before?.metadata.labels !== after?.metadata.labels;

/** What has changed since the pass before, as far as it decides where pods go. */
export interface ClusterChanges {
  readonly nodes: readonly Difference<Node>[];
  readonly placedPods: readonly Difference<Pod>[];
}

export class Snapshot {
  changes: ClusterChanges = { nodes: [], placedPods: [] };
  private cluster: ClusterState | undefined;
  private cache: Cache | undefined;
  private moments: Moments = { nodes: undefined, pods: undefined, namespaces: undefined };
  private readonly placed = new Map<string, Placed>();
  private readonly placedPods = new PlacedPods();
  /** Pods that waited for a node that was made free for them, in the pass before. */
  private nominated = new Map<string, Pod>();

  /** `waiting`: pods that this scheduler is to place; some wait for a node that was made free for them. */
  at(cache: Cache, waiting: readonly Pod[]): ClusterState {
    this.cache = cache;
    const assumed = this.cluster?.beginPass() ?? [];
    const changedNodes = cache.since(nodes, this.moments.nodes);
    const changedPods = cache.since(pods, this.moments.pods);
    // Terms may select namespaces by their labels.
    const changedNamespaces = cache.since(namespaces, this.moments.namespaces);
    this.moments = { nodes: changedNodes.moment, pods: changedPods.moment, namespaces: changedNamespaces.moment };
    const changes = { nodes: this.nodeChanges(changedNodes.differences), placedPods: [] as Difference<Pod>[] };
    // Another set of nodes has other places for them.
    const isOther = changedNodes.differences.some(({ before, after }) => before === undefined || after === undefined);
    if (isOther || changedNamespaces.differences.length > 0) this.cluster = undefined;
    for (const { after } of changedNodes.differences) if (after !== undefined) this.cluster?.replace(after.object);
    for (const { before, after } of changedPods.differences)
      changes.placedPods.push(...this.follow(keyOf(before?.key ?? after?.key), after?.object));
    changes.placedPods.push(...this.neverPlaced(assumed, waiting));
    const cluster = (this.cluster ??= this.built(cache));
    this.nominated = new Map();
    for (const pod of waiting) {
      const nodeName = pod.status?.nominatedNodeName ?? '';
      cluster.nominations.set(pod, nodeName);
      if (nodeName !== '') this.nominated.set(keyOf(pod.metadata), pod);
    }
    this.changes = changes;
    return cluster;
  }

  private nodeChanges(differences: readonly ViewDifference<Node>[]): readonly Difference<Node>[] {
    const changes = differences.map(({ before, after }) => ({
      before: this.cluster?.node((before ?? after)?.key.name ?? '')?.node,
      after: after?.object,
    }));
    return changes.filter(({ before, after }) => before === undefined || after === undefined || offersOther(before, after));
  }

  private follow(key: string, pod: Pod | undefined): readonly Difference<Pod>[] {
    const before = this.placed.get(key);
    if (before !== undefined) this.move(before, -1);
    const placed = this.placedAs(pod);
    if (placed === undefined) this.placed.delete(key);
    else {
      this.placed.set(key, placed);
      this.move(placed, 1);
    }
    const change = { before: before?.pod, after: placed?.pod };
    return [...this.keptNoMore(key, pod), ...(isNews(change) ? [change] : [])];
  }

  private placedAs(pod: Pod | undefined): Placed | undefined {
    const nodeName = pod?.spec.nodeName ?? '';
    return pod === undefined || nodeName === '' || isPodFinished(pod) ? undefined : { pod: this.placedPods.of(pod), nodeName };
  }

  /** Room that was kept for the pod is free now: it is gone, or goes elsewhere. */
  private keptNoMore(key: string, pod: Pod | undefined): readonly Difference<Pod>[] {
    const before = this.nominated.get(key);
    if (before === undefined) return [];
    const nodeName = pod?.spec.nodeName ?? pod?.status?.nominatedNodeName;
    return nodeName === before.status?.nominatedNodeName ? [] : [{ before, after: undefined }];
  }

  /** Their room is free: the pass before placed them, they are not there, and they wait no more. */
  private neverPlaced(assumed: readonly Assumed[], waiting: readonly Pod[]): readonly Difference<Pod>[] {
    const lost = assumed.filter(({ pod, node }) => this.placed.get(keyOf(pod.metadata))?.nodeName !== node.name);
    const uids = new Set(lost.length === 0 ? [] : waiting.map(uidOf));
    return lost.filter(({ pod }) => !uids.has(uidOf(pod))).map(({ pod }) => ({ before: pod, after: undefined }));
  }

  private move({ pod, nodeName }: Placed, sign: 1 | -1): void {
    const node = this.cluster?.node(nodeName);
    if (node === undefined) return;
    if (sign === 1) this.cluster?.add(pod, node);
    else this.cluster?.remove(pod, node);
  }

  private built(cache: Cache): ClusterState {
    const cluster = new ClusterState({
      nodes: cache.list(nodes),
      pods: [],
      labelsOfNamespace: (name) => this.cache?.get(namespaces, { namespace: '', name })?.metadata.labels ?? {},
    });
    for (const { pod, nodeName } of this.placed.values()) {
      const node = cluster.node(nodeName);
      if (node !== undefined) cluster.add(pod, node);
    }
    return cluster;
  }
}
