/** The table by the settings: a cluster's part of it, and the list of the clusters. */
import { clusterRecords } from '../store/dynamodb/cluster-records.ts';
import { dynamodbTable } from '../store/dynamodb/dynamodb-table.ts';
import type { Table } from '../store/table.ts';
import type { World } from '../world.ts';
import { clusterFormats } from './cluster-formats.ts';
import { createClusters, type ClusterIdentity, type Clusters } from './clusters.ts';
import type { Settings } from './settings.ts';

export const openTable = (settings: Settings, { id: cluster }: ClusterIdentity, world: World): Table =>
  dynamodbTable({ tableName: settings.table, cluster, world, formats: clusterFormats(settings) });

export function openClusters({ table: tableName, defaultCluster: defaultName }: Settings, world: World): Clusters {
  const records = clusterRecords({ tableName, world });
  return createClusters({ defaultName, list: () => records.list(), clock: world.clock });
}
