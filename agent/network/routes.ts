/** Routes to the other nodes' pods by way of the nodes themselves (host gateways): pure. */
import type { Node } from '../../functions/kube/generated/types.ts';
import { contains, type IpAddress, type IpRange, parseIp, parseIpRange } from '../../functions/kube/ip.ts';
import { nameOf } from '../../functions/kube/object.ts';

/** From the pods' range to the node that has them. */
export type Routes = ReadonlyMap<string, string>;

export const internalIP = (node: Node): string | undefined =>
  node.status?.addresses?.find(({ type, address }) => type === 'InternalIP' && !address.includes(':'))?.address;

export const podCIDR = (node: Node): string | undefined =>
  [node.spec.podCIDR, ...(node.spec.podCIDRs ?? [])].find((range) => range !== undefined && range !== '' && !range.includes(':'));

/** What this node believes of others. A node reports its own address, and one that is taken over may report any. */
export interface RouteLimits {
  /** The range of all pods of all nodes. */
  readonly clusterCidr: string;
  /** This node's address and what is directly connected to it, as `address/prefix`; undefined while it is not known; or `any`. */
  readonly nodeNetwork: string | undefined;
}

export interface RefusedRoute {
  readonly node: string;
  readonly why: string;
}

export interface WantedRoutes {
  readonly routes: Routes;
  readonly refused: readonly RefusedRoute[];
}

/** Nodes that have no range or no address yet are left out until they have. The older of two nodes keeps a range. */
export function wantedRoutes(self: Node, nodes: readonly Node[], limits: RouteLimits): WantedRoutes {
  const routes = new Map<string, string>();
  const refused: RefusedRoute[] = [];
  const taken = [podCIDR(self)].flatMap((range) => parsedRange(range) ?? []);
  for (const node of nodes.toSorted(byAge)) {
    const [range, gateway] = [podCIDR(node), internalIP(node)];
    if (nameOf(node) === nameOf(self) || range === undefined || gateway === undefined) continue;
    const parsed = parsedRange(range);
    const why = rangeProblem(parsed, taken, limits) || gatewayProblem(gateway, internalIP(self), limits);
    if (why !== '') refused.push({ node: nameOf(node), why });
    if (why !== '' || parsed === undefined) continue;
    taken.push(parsed);
    routes.set(parsed.text, gateway);
  }
  return { routes, refused };
}

const parsedRange = (range: string | undefined): IpRange | undefined => parseIpRange(range ?? '');

const overlap = (one: IpRange, other: IpRange): boolean => contains(one, firstOf(other)) || contains(other, firstOf(one));
const firstOf = ({ address, first }: IpRange): IpAddress => ({ ...address, value: first });

function rangeProblem(range: IpRange | undefined, taken: readonly IpRange[], { clusterCidr }: RouteLimits): string {
  const cluster = parseIpRange(clusterCidr);
  if (range === undefined || cluster === undefined) return 'its podCIDR cannot be read';
  if (range.prefix < cluster.prefix || !contains(cluster, firstOf(range))) return 'its podCIDR is not inside the range of pods';
  return taken.some((other) => overlap(range, other)) ? 'its podCIDR belongs to another node' : '';
}

function gatewayProblem(gateway: string, own: string | undefined, { nodeNetwork }: RouteLimits): string {
  const address = parseIp(gateway);
  const network = parseIpRange(nodeNetwork === 'any' ? '0.0.0.0/0' : (nodeNetwork ?? ''));
  // A node's own address as gateway would be a loop.
  if (address === undefined || gateway === own) return 'its InternalIP is not an address of its own';
  return network !== undefined && contains(network, address) ? '' : 'its InternalIP is outside of the network of nodes';
}

const createdAt = (node: Node): string => node.metadata.creationTimestamp ?? '';
const byAge = (one: Node, other: Node): number =>
  createdAt(one) < createdAt(other) ? -1 : createdAt(one) > createdAt(other) ? 1 : nameOf(one) < nameOf(other) ? -1 : 1;

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
