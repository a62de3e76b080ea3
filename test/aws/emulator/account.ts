/** What there is in the emulated account, asked service by service: CloudFormation's word is not taken for it. */
import { jsonService, type JsonService } from '../../../functions/aws/json-service.ts';
import { realWorld } from '../../../functions/world.ts';
import { createCloudRequests, membersAt, textAt } from '../../../infra/cli/cloud-request.ts';
import type { CloudCredentials } from '../../../infra/cli/cloud-token.ts';
import { query } from './query.ts';

export interface AccountPlace {
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: CloudCredentials;
}

/** Names of what a stack has, by kind. */
export type Belongings = Readonly<Record<'tables' | 'secrets' | 'functions' | 'queues' | 'logGroups' | 'roles', readonly string[]>>;

export interface Account {
  belongingsOf(stack: string): Promise<Belongings>;
  /** The one table and secret that a stack has left. */
  leftBy(stack: string): Promise<{ readonly table: string; readonly stream: string; readonly secret: string }>;
  sendToQueue(url: string, message: object): Promise<void>;
}

const services = {
  dynamodb: { service: 'dynamodb', target: 'DynamoDB_20120810' },
  secrets: { service: 'secretsmanager', target: 'secretsmanager', version: '1.1' },
  sqs: { service: 'sqs', target: 'AmazonSQS' },
  logs: { service: 'logs', target: 'Logs_20140328', version: '1.1' },
} as const;

export function openAccount(place: AccountPlace): Account {
  const { clock } = realWorld('error');
  const ask = async (service: keyof typeof services, operation: string, input: object): Promise<unknown> => {
    const opened: JsonService = jsonService({ ...services[service], ...place, clock });
    try {
      return await opened.call(operation, input);
    } finally {
      opened.close();
    }
  };
  const requests = createCloudRequests({
    region: place.region,
    credentials: () => Promise.resolve(place.credentials),
    environment: (name) => (name === 'AWS_ENDPOINT_URL' ? place.endpoint : undefined),
    fetch,
  });
  return {
    async belongingsOf(stack) {
      const isOf = (name: string): boolean => name.includes(stack);
      const { TableNames } = (await ask('dynamodb', 'ListTables', {})) as { readonly TableNames: readonly string[] };
      const { SecretList } = (await ask('secrets', 'ListSecrets', {})) as { readonly SecretList: readonly { readonly Name: string }[] };
      const { QueueUrls = [] } = (await ask('sqs', 'ListQueues', {})) as { readonly QueueUrls?: readonly string[] };
      const { logGroups } = (await ask('logs', 'DescribeLogGroups', {})) as {
        readonly logGroups: readonly { readonly logGroupName: string }[];
      };
      const { Functions } = (await requests.get('lambda', '/2015-03-31/functions/')) as {
        readonly Functions: readonly { readonly FunctionName: string }[];
      };
      const roles = await query(place, { service: 'iam', version: '2010-05-08', action: 'ListRoles', parameters: {} });
      return {
        tables: TableNames.filter(isOf),
        secrets: SecretList.map(({ Name }) => Name).filter(isOf),
        functions: Functions.map(({ FunctionName }) => FunctionName).filter(isOf),
        queues: QueueUrls.filter(isOf),
        logGroups: logGroups.map(({ logGroupName }) => logGroupName).filter(isOf),
        roles: membersAt(roles, 'Roles')
          .map((role) => textAt(role, 'RoleName') ?? '')
          .filter(isOf),
      };
    },
    async leftBy(stack) {
      const isOf = (name: string): boolean => name.includes(stack);
      const { TableNames } = (await ask('dynamodb', 'ListTables', {})) as { readonly TableNames: readonly string[] };
      const table = TableNames.find(isOf) ?? '';
      const { Table } = (await ask('dynamodb', 'DescribeTable', { TableName: table })) as {
        readonly Table: { readonly LatestStreamArn: string };
      };
      const { SecretList } = (await ask('secrets', 'ListSecrets', {})) as { readonly SecretList: readonly { readonly ARN: string }[] };
      return { table, stream: Table.LatestStreamArn, secret: SecretList.map(({ ARN }) => ARN).find(isOf) ?? '' };
    },
    async sendToQueue(QueueUrl, message) {
      await ask('sqs', 'SendMessage', { QueueUrl, ...message });
    },
  };
}
