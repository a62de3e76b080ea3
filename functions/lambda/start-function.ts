/** What a root begins with: its settings, the real world, the clusters there are and their doorbells. */
import { environment, realWorld, type LogLevel, type World } from '../world.ts';
import { createDoorbells, type Doorbells } from '../workers/doorbell/doorbells.ts';
import type { Table } from '../store/table.ts';
import type { ClusterIdentity, Clusters } from '../cloud/clusters.ts';
import { openClusters, openTable } from '../cloud/open-table.ts';
import { settingNames, settingsOf, type Settings } from '../cloud/settings.ts';

export interface Rooted {
  readonly settings: Settings;
  readonly world: World;
  readonly clusters: Clusters;
  readonly doorbells: Doorbells;
  /** A cluster's part of the table. */
  openTable(cluster: ClusterIdentity): Table;
}

export function startFunction(): Rooted {
  const settings = settingsOf(environment);
  const level = environment(settingNames.logLevel) ?? 'info';
  const world = realWorld(isLogLevel(level) ? level : 'info');
  const queues = { groups: settings.queues, deadlines: settings.deadlineQueue };
  return {
    settings,
    world,
    clusters: openClusters(settings, world),
    doorbells: createDoorbells({ queues, world }),
    openTable: (cluster) => openTable(settings, cluster, world),
  };
}

const isLogLevel = (text: string): text is LogLevel => ['debug', 'info', 'warn', 'error'].includes(text);
