/** What a root begins with: its settings, the real world, the clusters there are and their doorbells. */
import { environment, realWorld, type LogLevel, type World } from '../world.ts';
import { createDoorbells, type Doorbells } from '../workers/doorbell/doorbells.ts';
import type { Table } from '../store/table.ts';
import type { ClusterIdentity, Clusters } from '../cloud/clusters.ts';
import { openClusters, openTable } from '../cloud/open-table.ts';
import { rereadOf, withEnvelopeKey } from '../cloud/envelope-secret.ts';
import { queueSettingsOf, settingNames, settingsOf, type Settings } from '../cloud/settings.ts';

export interface Rooted {
  readonly settings: Settings;
  readonly world: World;
  readonly clusters: Clusters;
  readonly doorbells: Doorbells;
  /** A cluster's part of the table. */
  openTable(cluster: ClusterIdentity): Table;
}

/** Rejects with a SettingsError where something is missing, the key that unseals the clusters among it. */
export async function startFunction(): Promise<Rooted> {
  const world = startWorld();
  const reread = rereadOf(environment, world);
  const known = settingsOf(await withEnvelopeKey(environment, world));
  const settings = reread === undefined ? known : { ...known, reread };
  return {
    settings,
    world,
    clusters: openClusters(settings, world),
    doorbells: doorbellsOf(settings, world),
    openTable: (cluster) => openTable(settings, cluster, world),
  };
}

/** Starts a function that rings doorbells and opens no cluster. */
export function startRinging(): Pick<Rooted, 'world' | 'doorbells'> {
  const world = startWorld();
  return { world, doorbells: doorbellsOf(queueSettingsOf(environment), world) };
}

const doorbellsOf = ({ queues, deadlineQueue }: Pick<Settings, 'queues' | 'deadlineQueue'>, world: World): Doorbells =>
  createDoorbells({ queues: { groups: queues, deadlines: deadlineQueue }, world });

function startWorld(): World {
  const level = environment(settingNames.logLevel) ?? 'info';
  return realWorld(isLogLevel(level) ? level : 'info');
}

const isLogLevel = (text: string): text is LogLevel => ['debug', 'info', 'warn', 'error'].includes(text);
