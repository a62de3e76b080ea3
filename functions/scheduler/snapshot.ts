/** The cluster as a pass of the scheduler finds it: kept from pass to pass, and brought up to date by what has changed in between. */
import type { Pod } from '../kube/generated/types.ts';
import type { ObjectName } from '../kube/object.ts';
import { isPodFinished } from '../kube/pod.ts';
import { namespaces, nodes, pods } from '../kube/resource-type.ts';
import type { Cache } from '../workers/controller.ts';
import { ClusterState } from './cluster-state.ts';
import { PlacedPods } from './placed-pod.ts';

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

export class Snapshot {
  private cluster: ClusterState | undefined;
  private cache: Cache | undefined;
  private moments: Moments = { nodes: undefined, pods: undefined, namespaces: undefined };
  private readonly placed = new Map<string, Placed>();
  private readonly placedPods = new PlacedPods();

  /** `waiting`: pods that this scheduler is to place; some wait for a node that was made free for them. */
  at(cache: Cache, waiting: readonly Pod[]): ClusterState {
    this.cache = cache;
    this.cluster?.beginPass();
    const changedNodes = cache.since(nodes, this.moments.nodes);
    const changedPods = cache.since(pods, this.moments.pods);
    // Terms may select namespaces by their labels.
    const changedNamespaces = cache.since(namespaces, this.moments.namespaces);
    this.moments = { nodes: changedNodes.moment, pods: changedPods.moment, namespaces: changedNamespaces.moment };
    // Another set of nodes has other places for them.
    const isOther = changedNodes.differences.some(({ before, after }) => before === undefined || after === undefined);
    if (isOther || changedNamespaces.differences.length > 0) this.cluster = undefined;
    for (const { after } of changedNodes.differences) if (after !== undefined) this.cluster?.replace(after.object);
    for (const { before, after } of changedPods.differences) this.follow(before?.key ?? after?.key, after?.object);
    const cluster = (this.cluster ??= this.built(cache));
    for (const pod of waiting) cluster.nominations.set(pod, pod.status?.nominatedNodeName ?? '');
    return cluster;
  }

  private follow(at: ObjectName | undefined, pod: Pod | undefined): void {
    const key = `${at?.namespace}\n${at?.name}`;
    const before = this.placed.get(key);
    if (before !== undefined) this.move(before, -1);
    const nodeName = pod?.spec.nodeName ?? '';
    if (pod === undefined || nodeName === '' || isPodFinished(pod)) {
      this.placed.delete(key);
      return;
    }
    const placed = { pod: this.placedPods.of(pod), nodeName };
    this.placed.set(key, placed);
    this.move(placed, 1);
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
