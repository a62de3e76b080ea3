/**
 * One function of the manifest, with a role that may do what its entry names and nothing else. The role is written out
 * here: what CDK would grant by itself is broader.
 */
import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { Effect, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { Key } from 'aws-cdk-lib/aws-kms';
import {
  Architecture,
  Code,
  Function as EventFunction,
  LoggingFormat,
  Runtime,
  SystemLogLevel,
  type IFunction,
} from 'aws-cdk-lib/aws-lambda';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { FunctionSpec } from '../../functions/manifest.ts';
import { asDestination, maySend } from './queues.ts';

/** The directory that holds the bundle of an entry below `functions/`. */
export type BundleOf = (entry: string) => string;

export interface FunctionProps {
  readonly spec: FunctionSpec;
  readonly environment: Readonly<Record<string, string>>;
  /** What it may do besides writing its log. */
  readonly rights: readonly PolicyStatement[];
  readonly bundleOf: BundleOf;
  readonly key: Key | undefined;
  readonly logDays: number;
  readonly concurrency: number | undefined;
  /** Where failed asynchronous calls go: their callers do not wait for the answer. */
  readonly deadLetters: Queue;
}

/** A bundle's module and what it exports. Source: infra/bundle. */
export const bundleModule = 'index.mjs';
const handler = 'index.handler';
/** A tick that comes later than the next one is of no use. */
const tickLife = Duration.seconds(60);

/** What every host of a function has: a role and a log. */
export class Identity extends Construct {
  readonly role: Role;
  readonly logGroup: LogGroup;

  constructor(scope: Construct, id: string, { rights, logDays, key }: Pick<FunctionProps, 'rights' | 'logDays' | 'key'>) {
    super(scope, id);
    this.logGroup = new LogGroup(this, 'Log', { retention: logDays, removalPolicy: RemovalPolicy.DESTROY });
    this.role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
    this.logGroup.grantWrite(this.role);
    for (const right of rights) this.role.addToPolicy(right);
    if (key !== undefined) {
      const actions = ['kms:Decrypt', 'kms:Encrypt', 'kms:GenerateDataKey', 'kms:DescribeKey'];
      this.role.addToPolicy(new PolicyStatement({ effect: Effect.ALLOW, actions, resources: [key.keyArn] }));
    }
  }
}

export function createEventFunction(scope: Construct, props: FunctionProps): EventFunction {
  const { spec, environment, bundleOf, key, concurrency, deadLetters } = props;
  const { role, logGroup } = new Identity(scope, 'Identity', props);
  const isNeverAwaited = spec.triggers.some(({ kind }) => kind === 'schedule');
  if (isNeverAwaited) role.addToPolicy(maySend(deadLetters));
  return new EventFunction(scope, 'Function', {
    description: `Hibernetes: ${spec.name}`,
    runtime: Runtime.NODEJS_24_X,
    architecture: Architecture.ARM_64,
    code: Code.fromAsset(bundleOf(spec.entry)),
    handler,
    memorySize: spec.memoryMiB,
    timeout: Duration.seconds(spec.timeoutSeconds),
    role,
    logGroup,
    loggingFormat: LoggingFormat.JSON,
    // Start, end and report of each call would cost more than the calls.
    systemLogLevelV2: SystemLogLevel.WARN,
    environment,
    environmentEncryption: key,
    reservedConcurrentExecutions: concurrency,
    ...(isNeverAwaited ? { retryAttempts: 0, maxEventAge: tickLife, onFailure: asDestination(deadLetters) } : {}),
  });
}

export const mayInvoke = (called: IFunction): PolicyStatement =>
  new PolicyStatement({ effect: Effect.ALLOW, actions: ['lambda:InvokeFunction'], resources: [called.functionArn] });
