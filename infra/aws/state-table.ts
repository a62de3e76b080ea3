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
} from 'aws-cdk-lib/aws-dynamodb';
import { Effect, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Key } from 'aws-cdk-lib/aws-kms';
import type { Construct } from 'constructs';
import type { FunctionSpec } from '../../functions/manifest.ts';
import { tableSchema } from '../../functions/store/dynamodb/table-schema.ts';
import type { Limits } from './deployment.ts';

/** A cluster's keys begin with its name, and its log's with this behind it: what the doorbell listens to. */
export const clusterKeys = (cluster: string): string => `${cluster}#`;
export const logKeys = (cluster: string): string => `${cluster}#L#`;

const attributeTypes = { S: AttributeType.STRING, N: AttributeType.NUMBER, B: AttributeType.BINARY } as const;
const attribute = ({ name, type }: { readonly name: string; readonly type: keyof typeof attributeTypes }): Attribute => ({
  name,
  type: attributeTypes[type],
});

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

/** Reading is never by Scan, and nothing is ever deleted: old slots expire, and the dead leave tombstones. */
export function tableRights(table: TableV2, access: FunctionSpec['table'], cluster: string): PolicyStatement[] {
  if (access === 'none') return [];
  return [
    new PolicyStatement({
      effect: Effect.ALLOW,
      actions: access === 'read' ? reads : [...reads, ...writes],
      resources: [table.tableArn],
      // "For all values" holds where there are none, so a request must name its keys as well.
      conditions: {
        'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': [`${clusterKeys(cluster)}*`] },
        Null: { 'dynamodb:LeadingKeys': 'false' },
      },
    }),
  ];
}
