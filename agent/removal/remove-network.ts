/** Takes away what the agent and the CNI plugins made in the machine's network. Everything may be repeated. */
import { bridgeName } from '../network/conflist.ts';
import { ownConflist } from '../network/cni-directory.ts';
import { dnsLink } from '../network/node-network.ts';
import { routeProtocol } from '../network/routes.ts';
import { vxlanLink } from '../network/vxlan.ts';
import { CommandFailed, type Run } from '../network/run.ts';

interface Table {
  readonly family: string;
  readonly name: string;
}

interface Chain extends Table {
  readonly table: string;
}

interface Rule {
  readonly family: string;
  readonly table: string;
  readonly chain: string;
  readonly handle: number;
  readonly expr: unknown;
}

type Listed = readonly { readonly table?: Table; readonly chain?: Chain; readonly rule?: Rule }[];

/** Whether the table is the agent's, or that of the CNI plug-in that maps ports by nftables. */
const isOwnTable = ({ name }: Table): boolean => name.startsWith('hibernetes_') || name === 'cni_hostport';
/** Source: plugins/meta/portmap, which leaves its chains when its last pod is gone. */
const pluginChain = 'CNI-';
export const ownLinks: readonly string[] = [bridgeName, dnsLink, vxlanLink];

export async function listTables(run: Run): Promise<readonly Table[]> {
  const { nftables } = JSON.parse(await run(['nft', '-j', 'list', 'tables'])) as { readonly nftables: Listed };
  return nftables.flatMap(({ table }) => table ?? []);
}

async function listTable(run: Run, { family, name }: Table): Promise<Listed> {
  return (JSON.parse(await run(['nft', '-j', 'list', 'table', family, name])) as { readonly nftables: Listed }).nftables;
}

/** The words of `nft` that take the plugin's chains out of a table that others use, too. */
export function chainRemovals(listed: Listed): string {
  const jumps = listed.flatMap(({ rule }) =>
    rule !== undefined && JSON.stringify(rule.expr).includes(`"target":"${pluginChain}`) ? rule : [],
  );
  const chains = listed.flatMap(({ chain }) => (chain?.name.startsWith(pluginChain) === true ? chain : []));
  const chainOf = ({ family, table, name }: Chain): string => `chain ${family} ${table} ${name}\n`;
  return [
    ...jumps.map(({ family, table, chain, handle }) => `delete rule ${family} ${table} ${chain} handle ${handle}\n`),
    ...chains.map((chain) => `flush ${chainOf(chain)}`),
    ...chains.map((chain) => `delete ${chainOf(chain)}`),
  ].join('');
}

async function removeTables(run: Run): Promise<void> {
  const tables = await listTables(run);
  const own = tables.filter(isOwnTable).map(({ family, name }) => `delete table ${family} ${name}\n`);
  if (own.length > 0) await run(['nft', '-f', '-'], { input: own.join('') });
  for (const table of tables.filter(({ name }) => name === 'nat' || name === 'filter')) {
    const removals = chainRemovals(await listTable(run, table));
    if (removals !== '') await run(['nft', '-f', '-'], { input: removals });
  }
}

export async function presentLinks(run: Run): Promise<readonly string[]> {
  const links = JSON.parse((await run(['ip', '-j', 'link', 'show'])) || '[]') as readonly { readonly ifname: string }[];
  return links.map(({ ifname }) => ifname).filter((name) => ownLinks.includes(name));
}

export const ownRoutes = async (run: Run): Promise<readonly { readonly dst: string }[]> =>
  JSON.parse((await run(['ip', '-j', '-4', 'route', 'show', 'proto', routeProtocol])) || '[]') as readonly { readonly dst: string }[];

export async function removeNetwork(run: Run): Promise<void> {
  await removeTables(run);
  for (const name of await presentLinks(run)) await run(['ip', 'link', 'delete', name]);
  for (const { dst } of await ownRoutes(run)) {
    try {
      await run(['ip', '-4', 'route', 'delete', dst, 'proto', routeProtocol]);
    } catch (error) {
      // The route went with its link.
      if (!(error instanceof CommandFailed)) throw error;
    }
  }
}

/** What is still there of it, in words. */
export async function networkLeft(run: Run): Promise<readonly string[]> {
  const tables = (await listTables(run)).filter(isOwnTable).map(({ family, name }) => `the table ${family} ${name} of nft`);
  const links = (await presentLinks(run)).map((name) => `the link ${name}`);
  const routes = (await ownRoutes(run)).map(({ dst }) => `the route to ${dst}`);
  return [...tables, ...links, ...routes];
}

export const networkFile = ownConflist;
