/** Which addresses a fabric takes: pure. */
import { createHash } from 'node:crypto';
import type { TakenNetwork } from '../../../functions/kube/cluster-networks.ts';

/** Each cluster of this machine takes a part of it. */
export const nodesNetwork: TakenNetwork = { cidr: '10.77.0.0/16', owner: "the nodes' network" };

/** The third octets that are taken: those of 10.77.N.0/24 that the machine has an address in, or a route to. */
export function subnetsInUse(addresses: string, routes: string): ReadonlySet<number> {
  return new Set([...`${addresses}\n${routes}`.matchAll(/\b10\.77\.(\d+)\.\d+\b/g)].map(([, octet]) => Number(octet)));
}

const octets = 256;

/** A free 10.77.N.0/24. Each cluster starts its search at another one, so that two that start at once do not choose the same. */
export function freeSubnet(id: string, taken: ReadonlySet<number>): string {
  const first = createHash('sha256').update(id).digest().readUInt8(0);
  for (let step = 0; step < octets; step += 1) {
    const octet = (first + step) % octets;
    if (!taken.has(octet)) return `10.77.${octet}.0/24`;
  }
  throw new Error('no 10.77.N.0/24 is free on this machine: remove clusters that are no longer needed');
}

/** .1 is the machine; up to .10 is left for what people want to place by hand. */
const [firstHost, lastHost] = [11, 254];

export function nextHostAddress(subnet: string, hosts: readonly { readonly address: string }[]): string {
  const prefix = subnet.replace(/0\/\d+$/, '');
  for (let octet = firstHost; octet <= lastHost; octet += 1) {
    const address = `${prefix}${octet}`;
    if (!hosts.some((host) => host.address === address)) return address;
  }
  throw new Error(`${subnet} has no address left for another host`);
}
