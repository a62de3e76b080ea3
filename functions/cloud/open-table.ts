/** The table that the settings name. */
import { dynamodbTable } from '../store/dynamodb/dynamodb-table.ts';
import type { Table } from '../store/table.ts';
import type { World } from '../world.ts';
import type { Settings } from './settings.ts';

export const openTable = ({ table: tableName, cluster }: Settings, world: World): Table => dynamodbTable({ tableName, cluster, world });
