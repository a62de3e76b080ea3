/**
 * Keeps the kernel's tables of this node in step with Services and EndpointSlices. The tables stay when the agent
 * ends: services go on working while it restarts.
 */
import type { EndpointSlice, Service } from '../../functions/kube/generated/types.ts';
import type { Clock, Log } from '../../functions/world.ts';
import { CommandFailed, type Run } from '../network/run.ts';
import { difference, isAsThought, rememberedIn, tableName, wholeTable, type Remembered } from './nftables.ts';
import type { ServiceRules } from './rules.ts';
import { ServiceTables, type TablesInput } from './service-tables.ts';
import { staleConnectionCommands } from './stale-connections.ts';

export interface ServiceProxyOptions {
  /** Runs programs in the node's network. */
  readonly run: Run;
  readonly clock: Clock;
  readonly log: Log;
  /** Node name as EndpointSlices spell it: endpoints with it are local. */
  readonly nodeName: string;
  /** The range of all pods. Packets from outside it get the node's address as source. */
  readonly clusterCidr: string;
}

/** The properties of the node that may change. */
export interface ProxyNode {
  /** The addresses at which NodePorts are served. */
  readonly addresses: readonly string[];
  readonly zone?: string | undefined;
  /** The ranges of all Services. */
  readonly serviceCidrs?: readonly string[];
}

export interface ServiceProxy {
  /**
   * Makes the kernel's tables what these objects ask for; the first time and after a failure as a whole, else by the
   * difference. Calls queue up; a rejected one is made good by the next.
   */
  sync(services: readonly Service[], endpointSlices: readonly EndpointSlice[], node: ProxyNode): Promise<void>;
  /** Resolves when nothing is under way any more; later calls do nothing. */
  close(): Promise<void>;
}

/** How often a sync compares what is in the kernel. */
const checkPeriodMs = 60_000;

/** More than these would take longer than waiting for the kernel to forget. */
const staleConnectionCommandsMax = 200;

export function createServiceProxy({ run, clock, log, nodeName, clusterCidr }: ServiceProxyOptions): ServiceProxy {
  const tables = new ServiceTables();
  let isLoaded = false;
  let checkedMs = 0;
  let closed = false;
  let queue: Promise<void> = Promise.resolve();

  const tableIsThere = async (rules: ServiceRules): Promise<boolean> => {
    if (clock.monotonicMs() - checkedMs < checkPeriodMs) return true;
    checkedMs = clock.monotonicMs();
    try {
      if (isAsThought(await run(['nft', '-j', 'list', 'table', 'ip', tableName]), rules)) return true;
    } catch (error) {
      if (!(error instanceof CommandFailed)) throw error;
    }
    log.warn('Another program changed the table of services; it is written anew', { table: tableName });
    return false;
  };

  /** A table that is written anew, as after a start, keeps what the one before it remembered of clients. */
  const remembered = async ({ memories }: ServiceRules): Promise<Remembered> => {
    if (memories.size === 0) return new Map();
    try {
      return rememberedIn(await run(['nft', '-j', 'list', 'table', 'ip', tableName]));
    } catch (error) {
      // Nothing is remembered where there is no table yet.
      if (error instanceof CommandFailed) return new Map();
      throw error;
    }
  };

  const apply = async (input: TablesInput): Promise<void> => {
    const change = tables.update(input);
    const isThere = isLoaded && (await tableIsThere(tables.whole()));
    const whole = tables.whole();
    const text = isThere ? difference(change.from, change.to) : wholeTable(whole, clusterCidr, await remembered(whole));
    // Until nft has accepted it, nothing is known about the table.
    isLoaded = false;
    if (text !== '') await run(['nft', '-f', '-'], { input: text });
    if (!isThere) checkedMs = clock.monotonicMs();
    isLoaded = true;
    if (isThere && text !== '') await forgetStale(staleConnectionCommands(change.from, change.to));
  };

  const forgetStale = async (commands: readonly (readonly string[])[]): Promise<void> => {
    for (const command of commands.slice(0, staleConnectionCommandsMax)) {
      try {
        await run(command);
      } catch (error) {
        if (!(error instanceof CommandFailed)) throw error;
        const foundNothing = error.stderr.includes('0 flow entries have been deleted');
        if (!foundNothing) log.warn('A stale UDP connection could not be forgotten', { error });
      }
    }
  };

  return {
    sync(services, endpointSlices, { addresses: nodeAddresses, zone, serviceCidrs }) {
      const input = { services, endpointSlices, nodeAddresses, serviceCidrs, zone, nodeName, clusterCidr };
      const synced = queue.then(() => (closed ? undefined : apply(input)));
      queue = synced.catch((error: unknown) => log.debug('The next sync writes the table of services as a whole', { error }));
      return synced;
    },
    async close() {
      closed = true;
      await queue;
    },
  };
}
