/** Routes to the other nodes' pods by way of the nodes themselves (host gateways): pure. */
import type { Node } from '../../functions/kube/generated/types.ts';

/** From the pods' range to the node that has them. */
export type Routes = ReadonlyMap<string, string>;

export const internalIP = (node: Node): string | undefined =>
  node.status?.addresses?.find(({ type, address }) => type === 'InternalIP' && !address.includes(':'))?.address;

export const podCIDR = (node: Node): string | undefined =>
  [node.spec.podCIDR, ...(node.spec.podCIDRs ?? [])].find((range) => range !== undefined && range !== '' && !range.includes(':'));

/** Nodes that have no range or no address yet are left out until they have. */
export function wantedRoutes(self: Node, nodes: readonly Node[]): Routes {
  const routes = new Map<string, string>();
  for (const node of nodes) {
    const [range, gateway] = [podCIDR(node), internalIP(node)];
    if (node.metadata.name === self.metadata.name || range === undefined || gateway === undefined) continue;
    // A node's own address as gateway would be a loop.
    if (gateway !== internalIP(self) && range !== podCIDR(self)) routes.set(range, gateway);
  }
  return routes;
}

/** Marks our routes in the kernel, so that those of others are never touched. See `ip route`, "protocol". */
export const routeProtocol = '72';

export interface ListedRoute {
  readonly dst: string;
  readonly gateway?: string;
}

export const presentRoutes = (listed: readonly ListedRoute[]): Routes => new Map(listed.map(({ dst, gateway = '' }) => [dst, gateway]));

/** The arguments of `ip`, removals first. */
export function routeCommands(wanted: Routes, present: Routes): readonly (readonly string[])[] {
  const stale = [...present.keys()].filter((range) => !wanted.has(range));
  const changed = [...wanted].filter(([range, gateway]) => present.get(range) !== gateway);
  return [
    ...stale.map((range) => ['route', 'delete', range, 'proto', routeProtocol]),
    ...changed.map(([range, gateway]) => ['route', 'replace', range, 'via', gateway, 'proto', routeProtocol]),
  ];
}
