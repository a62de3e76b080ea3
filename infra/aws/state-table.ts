/** The table: the only thing here that cannot be made again. It survives the stack, and refuses to be deleted by mistake. */
import { RemovalPolicy } from 'aws-cdk-lib';
import {
  AttributeType,
  Billing,
  StreamViewType,
  TableEncryptionV2,
  TableV2,
  type Attribute,
  type CfnGlobalTable,
  type ITableV2,
} from 'aws-cdk-lib/aws-dynamodb';
import { Effect, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Key } from 'aws-cdk-lib/aws-kms';
import type { Construct } from 'constructs';
import type { FunctionSpec } from '../../functions/manifest.ts';
import { clusterListPartition } from '../../functions/store/dynamodb/cluster-keys.ts';
import { tableSchema } from '../../functions/store/dynamodb/table-schema.ts';
import type { AdoptedState, Limits } from './deployment.ts';

const attributeTypes = { S: AttributeType.STRING, N: AttributeType.NUMBER, B: AttributeType.BINARY } as const;
const attribute = ({ name, type }: { readonly name: string; readonly type: keyof typeof attributeTypes }): Attribute => ({
  name,
  type: attributeTypes[type],
});

/** What another stack left, or a restore made. It is no part of this stack: its limits and its protection are its own. */
export const adoptedTable = (scope: Construct, { table, stream }: AdoptedState): ITableV2 =>
  TableV2.fromTableAttributes(scope, 'Table', { tableName: table, tableStreamArn: stream });

export function createStateTable(scope: Construct, { limits, key }: { limits: Limits; key: Key | undefined }): TableV2 {
  const table = new TableV2(scope, 'Table', {
    partitionKey: attribute(tableSchema.partitionKey),
    sortKey: attribute(tableSchema.sortKey),
    timeToLiveAttribute: tableSchema.timeToLiveAttribute,
    billing: Billing.onDemand({
      maxReadRequestUnits: limits.tableReadsPerSecond,
      maxWriteRequestUnits: limits.tableWritesPerSecond,
    }),
    dynamoStream: StreamViewType[tableSchema.streamViewType],
    encryption: TableEncryptionV2.awsManagedKey(),
    pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
    deletionProtection: true,
    removalPolicy: RemovalPolicy.RETAIN,
  });
  // CDK itself takes a key only where it knows the Region, which it need not know for one replica.
  if (key !== undefined) {
    (table.node.defaultChild as CfnGlobalTable).addPropertyOverride('Replicas.0.SSESpecification', { KMSMasterKeyId: key.keyArn });
  }
  return table;
}

const reads = ['dynamodb:GetItem', 'dynamodb:Query'];
const writes = ['dynamodb:PutItem', 'dynamodb:UpdateItem'];

/**
 * Reading is never by Scan, and nothing is ever deleted: old log entries expire, and the dead leave tombstones. Which clusters there are,
 * functions only read: people make and delete them.
 */
export function tableRights(table: ITableV2, access: FunctionSpec['table']): PolicyStatement[] {
  if (access === 'none') return [];
  const may = (actions: string[], conditions?: Record<string, unknown>): PolicyStatement =>
    new PolicyStatement({ effect: Effect.ALLOW, actions, resources: [table.tableArn], conditions });
  if (access === 'read') return [may(reads)];
  // "For all values" holds where there are none, so a request must name its keys as well.
  const notTheList = {
    'ForAllValues:StringNotEquals': { 'dynamodb:LeadingKeys': [clusterListPartition] },
    Null: { 'dynamodb:LeadingKeys': 'false' },
  };
  return [may(reads), may(writes, notTheList)];
}
