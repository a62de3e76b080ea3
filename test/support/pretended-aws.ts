/**
 * AWS as far as the command line asks it, on a port of this machine. The token service, CloudFormation, CloudWatch,
 * Lambda, SQS and the parameter store answer what a test has put down. There is a table too. Nothing is deployed; a
 * simulated `cdk` only prints that it was.
 */
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { PretendedTable } from './pretended-table.ts';

export interface PretendedStack {
  readonly status: string;
  readonly isProtected: boolean;
  readonly outputs: Readonly<Record<string, string>>;
}

export interface PretendedAws {
  /** Environment of a command that is to find all this instead of AWS. */
  readonly environment: Readonly<Record<string, string>>;
  stack: PretendedStack | undefined;
  /** What a deployment brings about, given the words of `cdk`. */
  deployed: (words: readonly string[]) => PretendedStack | undefined;
  /** What became of the stack, besides what `cdk` did: `protected`, `unprotected`, `deleted`, `continued`. */
  readonly changes: string[];
  /** What cannot be deleted, and CloudFormation's reason. */
  undeletable: { readonly id: string; readonly reason: string } | undefined;
  /** What `cdk` prints, and its exit code. */
  cdk: { output: string; code: number };
  /** Words of the last `cdk`, if there was one. */
  cdkWords(): readonly string[] | undefined;
  /** The greatest value of each metric; CloudWatch answers with it. */
  readonly metrics: Map<string, number>;
  /** The table of the clusters. */
  readonly table: PretendedTable;
  /** Refusals by action. */
  readonly refusals: Map<string, { readonly code: string; readonly message: string }>;
  close(): Promise<void>;
}

export const pretendedAccount = { id: '111122223333', arn: 'arn:aws:sts::111122223333:assumed-role/Admin/jane' };

/** The newest of Amazon Linux. */
export const pretendedImage = 'ami-0123456789abcdef0';

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
const elements = (fields: Readonly<Record<string, string>>): string =>
  Object.entries(fields)
    .map(([name, value]) => `<${name}>${escaped(value)}</${name}>`)
    .join('');
const result = (action: string, inner: string): string =>
  `<${action}Response xmlns="http://example.com/doc/"><${action}Result>${inner}</${action}Result><ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></${action}Response>`;

const stackXml = (name: string, { status, isProtected, outputs }: PretendedStack): string => {
  const members = Object.entries(outputs).map(
    ([OutputKey, OutputValue]) => `<member>${elements({ OutputKey, OutputValue, Description: 'd' })}</member>`,
  );
  const fields = elements({ StackName: name, StackStatus: status, EnableTerminationProtection: String(isProtected) });
  return `<Stacks><member>${fields}<Outputs>${members.join('')}</Outputs></member></Stacks>`;
};

const datapoints = (maximum: number | undefined): string =>
  maximum === undefined ? '<Datapoints/>' : `<Datapoints><member><Maximum>${maximum}</Maximum></member></Datapoints>`;

const resources = [
  ['ControlPlaneControllersFunction0A1B2C3D', 'made-controllers', 'AWS::Lambda::Function'],
  ['ControlPlaneDoorbellFunction0A1B2C3D', 'made-doorbell', 'AWS::Lambda::Function'],
  ['ControlPlaneQueuesControllers0A1B2C3D', 'https://sqs.example.com/1/controllers', 'AWS::SQS::Queue'],
  ['ControlPlaneQueuesDeadLetters0A1B2C3D', 'https://sqs.example.com/1/dead', 'AWS::SQS::Queue'],
  ['TableCD117FA1', 'made-table', 'AWS::DynamoDB::GlobalTable'],
] as const;

const failedResource = ({ id, reason }: { readonly id: string; readonly reason: string }): string =>
  `<StackResourceSummaries><member>${elements({ PhysicalResourceId: id, ResourceStatus: 'DELETE_FAILED', ResourceStatusReason: reason })}</member></StackResourceSummaries>`;

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return text;
}

/** Writes its arguments down and prints what the test wants. */
const cdkProgram = (directory: string): string => `#!/bin/sh
printf '%s\\n' "$@" > '${directory}/words'
cat '${directory}/output'
exit "$(cat '${directory}/code')"
`;

export async function pretendAws(directory: string): Promise<PretendedAws> {
  mkdirSync(join(directory, 'bin'), { recursive: true });
  writeFileSync(join(directory, 'bin/cdk'), cdkProgram(directory));
  chmodSync(join(directory, 'bin/cdk'), 0o755);
  const wordsFile = join(directory, 'words');
  const refusals: PretendedAws['refusals'] = new Map();
  const table = new PretendedTable();
  const cdkWords = (): readonly string[] | undefined =>
    existsSync(wordsFile) ? readFileSync(wordsFile, 'utf8').trimEnd().split('\n') : undefined;

  const changes: string[] = [];
  const standing = (): PretendedStack | undefined => {
    const words = cdkWords();
    return words === undefined ? aws.stack : aws.deployed(words);
  };

  function answer(action: string, form: URLSearchParams): string | undefined {
    switch (action) {
      case 'GetCallerIdentity':
        return elements({ Arn: pretendedAccount.arn, UserId: 'AROA:jane', Account: pretendedAccount.id });
      case 'DescribeStacks': {
        const stack = standing();
        return stack === undefined ? undefined : stackXml(form.get('StackName') ?? '', stack);
      }
      case 'UpdateTerminationProtection': {
        const isProtected = form.get('EnableTerminationProtection') === 'true';
        changes.push(isProtected ? 'protected' : 'unprotected');
        if (aws.stack !== undefined) aws.stack = { ...aws.stack, isProtected };
        return '';
      }
      case 'DeleteStack':
        if (aws.stack?.isProtected === true) return undefined;
        changes.push('deleted');
        aws.stack = aws.undeletable === undefined || aws.stack === undefined ? undefined : { ...aws.stack, status: 'DELETE_FAILED' };
        return '';
      case 'ContinueUpdateRollback':
        changes.push('continued');
        if (aws.stack !== undefined) aws.stack = { ...aws.stack, status: 'UPDATE_ROLLBACK_COMPLETE' };
        return '';
      case 'ListStackResources':
        if (aws.undeletable !== undefined) return failedResource(aws.undeletable);
        return `<StackResourceSummaries>${resources
          .map(
            ([LogicalResourceId, PhysicalResourceId, ResourceType]) =>
              `<member>${elements({ LogicalResourceId, PhysicalResourceId, ResourceType })}</member>`,
          )
          .join('')}</StackResourceSummaries>`;
      case 'GetMetricStatistics':
        return datapoints(aws.metrics.get(form.get('MetricName') ?? ''));
      default:
        return undefined;
    }
  }

  async function respond(request: IncomingMessage): Promise<{ status: number; text: string }> {
    const body = await bodyOf(request);
    if (!/^AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE\/\d{8}\/eu-west-1\//.test(request.headers.authorization ?? ''))
      return { status: 403, text: '' };
    if (request.url?.startsWith('/2015-03-31/functions/') === true)
      return { status: 200, text: '{"State":"Active","LastUpdateStatus":"Successful"}' };
    const operation = /^DynamoDB_\d+\.(\w+)$/.exec(String(request.headers['x-amz-target']))?.[1];
    const refused = refusals.get(operation ?? '');
    if (refused !== undefined) return { status: 400, text: JSON.stringify({ __type: refused.code, message: refused.message }) };
    if (operation !== undefined) return table.answer(operation, JSON.parse(body) as Record<string, unknown>);
    if (request.headers['x-amz-target'] === 'AmazonSQS.GetQueueAttributes') {
      const waiting = body.includes('/dead') ? '0' : '3';
      return { status: 200, text: JSON.stringify({ Attributes: { ApproximateNumberOfMessages: waiting } }) };
    }
    if (request.headers['x-amz-target'] === 'AmazonSSM.GetParameter')
      return { status: 200, text: JSON.stringify({ Parameter: { Value: pretendedImage } }) };
    const form = new URLSearchParams(body);
    const action = form.get('Action') ?? '';
    const inner = refusals.has(action) ? undefined : answer(action, form);
    if (inner !== undefined) return { status: 200, text: result(action, inner) };
    const missing = { code: 'ValidationError', message: `Stack with id ${form.get('StackName')} does not exist` };
    const { code, message } = refusals.get(action) ?? missing;
    const error = `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error></ErrorResponse>`;
    return { status: 400, text: error };
  }

  const server = createServer((request, response) => {
    void (async () => {
      const { status, text } = await respond(request);
      response.writeHead(status).end(text);
    })();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');

  let cdk = { output: '', code: 0 };
  const aws: PretendedAws = {
    environment: {
      PATH: `${join(directory, 'bin')}:${process.env['PATH']}`,
      AWS_ENDPOINT_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      AWS_ACCESS_KEY_ID: 'AKIAIOSFODNN7EXAMPLE',
      AWS_SECRET_ACCESS_KEY: 'secret',
      AWS_REGION: 'eu-west-1',
      AWS_EC2_METADATA_DISABLED: 'true',
    },
    stack: undefined,
    changes,
    undeletable: undefined,
    deployed: () => undefined,
    get cdk() {
      return cdk;
    },
    set cdk(next) {
      cdk = next;
      writeFileSync(join(directory, 'output'), cdk.output);
      writeFileSync(join(directory, 'code'), String(cdk.code));
    },
    cdkWords,
    metrics: new Map([['IteratorAge', 245]]),
    table,
    refusals,
    close: async () => void (await once(server.close(), 'close')),
  };
  aws.cdk = cdk;
  return aws;
}
