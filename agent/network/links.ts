/** The links of a node, as `ip` lists them. */
import type { Run } from './run.ts';

export interface ListedLink {
  readonly mtu?: number;
  readonly addr_info?: readonly { readonly local?: string; readonly prefixlen?: number }[];
}

/** The link that has an address: pods' packets must fit through it, and it leads to the other nodes. */
export async function linkOf(run: Run, address: string | undefined): Promise<ListedLink> {
  const links: readonly ListedLink[] = JSON.parse(await run(['ip', '-j', '-4', 'addr', 'show']));
  return links.find(({ addr_info = [] }) => addr_info.some(({ local }) => local === address)) ?? {};
}

/** What is directly connected to the link at that address, as `address/prefix`. */
export function networkOf({ addr_info = [] }: ListedLink, address: string | undefined): string | undefined {
  const prefix = addr_info.find(({ local }) => local === address)?.prefixlen;
  return address === undefined || prefix === undefined ? undefined : `${address}/${prefix}`;
}
