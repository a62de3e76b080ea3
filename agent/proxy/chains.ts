/**
 * The chains that packets to services are sent to, as lines of nft: pure. Each draws one endpoint by its number, then goes on
 * to how the packet came in. Without affinity a chain serves every service with as many endpoints.
 */
import { createHash } from 'node:crypto';
import { contains, parseIpRange } from '../../functions/kube/ip.ts';
import type { Target } from './endpoints.ts';

/** How a packet came in decides whether its source must be hidden; see the fixed chains of these names. */
export type Entry = 'from_inside' | 'from_outside' | 'kept_source' | 'node_port' | 'node_port_kept_source';

/** Set on connections whose source must become the node's, so that the answer comes back through it. */
export const hideSource = '0x4000';

export interface Chain {
  readonly name: string;
  readonly lines: readonly string[];
}

/** Endpoints with the numbers under which a chain draws them. */
export type Numbered = readonly (readonly [number: number, target: Target])[];

/** Numbers of endpoints for the policy `Local` begin here: those for `Cluster` begin at 0. */
export const localNumbers = 0x1_0000;

const hashLength = 12;
const hash = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, hashLength);

export function randomChain(endpoints: Numbered, entry: Entry): Chain {
  const first = endpoints[0]?.[0] ?? 0;
  const offset = first === 0 ? '' : ` offset ${first}`;
  return {
    name: `random_${endpoints.length}_${first === 0 ? '' : 'local_'}${entry}`,
    lines: [`meta mark set numgen random mod ${endpoints.length}${offset}`, `goto ${entry}`],
  };
}

/** What the kernel remembers of one port of a service: which client was sent to which endpoint. */
export interface Memory {
  /** The name of the map. */
  readonly name: string;
  readonly timeoutSeconds: number;
}

/** `port` as `namespace/name:port`. All ways to the port share what is remembered. */
export const memoryOf = (port: string, timeoutSeconds: number): Memory => ({ name: `affinity_${hash(port)}`, timeoutSeconds });

/**
 * A client that is remembered gets the same endpoint as before, as long as it is one of these. Each connection renews the
 * memory. Other clients get a random endpoint.
 */
export function stickyChain(endpoints: Numbered, entry: Entry, { name, timeoutSeconds }: Memory): Chain {
  const numbers = endpoints.map(([number]) => number);
  const remember = `update @${name} { ip saddr timeout ${timeoutSeconds}s : meta mark }`;
  const lines = [
    `meta mark set ip saddr map @${name} meta mark { ${numbers.join(', ')} } ${remember} goto ${entry}`,
    `meta mark set numgen random mod ${numbers.length} map { ${numbers.map((number, index) => `${index} : ${number}`).join(', ')} }`,
    remember,
    `goto ${entry}`,
  ];
  return { name: `sticky_${name}_${hash(lines.join())}`, lines };
}

/** Stays the same for an endpoint whatever others come and go, so that what is remembered keeps its meaning. */
export function lastingNumbers(targets: readonly Target[]): Numbered {
  const taken = new Set<number>();
  return targets.map((target) => {
    let number = createHash('sha256').update(`${target.address}:${target.port}`).digest().readUInt32BE(0);
    while (taken.has(number)) number = (number + 1) % 2 ** 32;
    taken.add(number);
    return [number, target] as const;
  });
}

/** For the policy `Local` at addresses of the outside. Callers within the cluster reach all endpoints all the same. */
export interface LocalWays {
  readonly fromPods: string | undefined;
  readonly fromNode: string | undefined;
  readonly fromOutside: string | undefined;
}

export function localChain({ fromPods, fromNode, fromOutside }: LocalWays, clusterCidr: string): Chain {
  const lines = [
    ...(fromPods === undefined ? [] : [`ip saddr ${clusterCidr} goto ${fromPods}`]),
    ...(fromNode === undefined ? [] : [`fib saddr type local goto ${fromNode}`]),
    fromOutside === undefined ? 'drop' : `goto ${fromOutside}`,
  ];
  return { name: `local_${hash(lines.join())}`, lines };
}

/** Those of IPv4, without those within others, which nft refuses. */
export function separateRanges(ranges: readonly string[]): readonly string[] {
  const parsed = ranges.flatMap((range) => parseIpRange(range.trim()) ?? []).filter(({ address }) => address.bits === 32);
  const widest = parsed.filter((one) => !parsed.some((other) => other.prefix < one.prefix && contains(other, one.address)));
  return [...new Set(widest.map(({ text }) => text))].sort();
}

/** Undefined where the ranges of the balancer's callers restrict nothing of IPv4. */
export function sourcesChain(ranges: readonly string[]): Chain | undefined {
  const separate = separateRanges(ranges);
  if (separate.length === 0 || separate.includes('0.0.0.0/0')) return undefined;
  const lines = [`ip saddr != { ${separate.join(', ')} } drop`];
  return { name: `sources_${hash(lines.join())}`, lines };
}
