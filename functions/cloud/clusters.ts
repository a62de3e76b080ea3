/**
 * The clusters that share a stack, as a process knows them. The default one always is, without being asked for; the table
 * lists the others. The list is read again when it is needed and some seconds old: so new ones are found and deleted ones
 * forgotten.
 */
import { dnsLabelErrors } from '../kube/names.ts';
import type { ClusterRecord } from '../store/dynamodb/cluster-records.ts';
import type { Clock } from '../world.ts';

export interface ClusterIdentity {
  /** The cluster's name for people. */
  readonly name: string;
  /** What its keys in the table begin with. */
  readonly id: string;
}

export interface Clusters {
  readonly default: ClusterIdentity;
  named(name: string): Promise<ClusterIdentity | undefined>;
  withId(id: string): Promise<ClusterIdentity | undefined>;
  /** The default one first. */
  all(): Promise<readonly ClusterIdentity[]>;
  /** Called with all clusters, each time when the list was read. */
  onRead(listener: (all: readonly ClusterIdentity[]) => void): void;
}

export interface ClustersOptions {
  readonly defaultName: string;
  readonly list: () => Promise<readonly ClusterRecord[]>;
  readonly clock: Pick<Clock, 'now'>;
}

/** In one stack, the default one included. Each is swept every minute; more of them are another stack. */
export const clustersMax = 50;
/** A deleted cluster is served no longer than this. Who removes its keys waits for longer. */
export const knownMsMax = 5_000;
/** A name that is not on the list makes the process read the list at most this often: strangers may. */
const unknownMsMax = 1_000;

/** What is wrong with it as a cluster's name; empty when nothing is. */
export const clusterNameErrors = dnsLabelErrors;

/** The default cluster is as old as its table: its keys begin with its name. */
export const defaultIdentity = (name: string): ClusterIdentity => ({ name, id: name });

export function createClusters({ defaultName, list, clock }: ClustersOptions): Clusters {
  const own = defaultIdentity(defaultName);
  let known: readonly ClusterIdentity[] = [];
  let readMs = -Infinity;
  let reading: Promise<void> | undefined;
  const listeners: ((all: readonly ClusterIdentity[]) => void)[] = [];

  async function read(): Promise<void> {
    const startedMs = clock.now();
    const records = await list();
    known = records.filter(({ deletedMs }) => deletedMs === undefined).map(({ name, id }) => ({ name, id }));
    readMs = startedMs;
    for (const listener of listeners) listener([own, ...known]);
  }

  /** By the wall clock: a frozen process must notice how long it slept. */
  async function notOlderThan(ageMsMax: number): Promise<void> {
    const ageMs = clock.now() - readMs;
    if (ageMs >= 0 && ageMs < ageMsMax) return;
    reading ??= read().finally(() => (reading = undefined));
    await reading;
  }

  async function find(fits: (cluster: ClusterIdentity) => boolean): Promise<ClusterIdentity | undefined> {
    if (fits(own)) return own;
    await notOlderThan(knownMsMax);
    const found = known.find(fits);
    if (found !== undefined) return found;
    await notOlderThan(unknownMsMax);
    return known.find(fits);
  }

  return {
    default: own,
    named: (name) => find((cluster) => cluster.name === name),
    withId: (id) => find((cluster) => cluster.id === id),
    async all() {
      await notOlderThan(knownMsMax);
      return [own, ...known];
    },
    onRead: (listener) => void listeners.push(listener),
  };
}
