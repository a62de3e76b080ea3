/**
 * Every function of the manifest with what wakes it, once for all clusters of the stack. Each request and each message
 * names its cluster.
 */
import { Fn, RemovalPolicy, Stack, Validations } from 'aws-cdk-lib';
import type { ITableV2 } from 'aws-cdk-lib/aws-dynamodb';
import { Effect, PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { Key } from 'aws-cdk-lib/aws-kms';
import type { Function as EventFunction } from 'aws-cdk-lib/aws-lambda';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Secret, type ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { clusterPath } from '../../functions/cloud/cluster-address.ts';
import { iamClusterId, settingNames } from '../../functions/cloud/settings.ts';
import type { FunctionSpec } from '../../functions/manifest.ts';
import { createApiEndpoint, type ApiEndpoint } from './api-endpoint.ts';
import { capitalised } from './capitalised.ts';
import type { AccessVariables } from './access-configurations.ts';
import { createEventFunction, type BundleOf, type FunctionProps } from './cluster-function.ts';
import type { Deployment } from './deployment.ts';
import { clusterOutputs, stackOutputs } from './outputs.ts';
import { maySend, Queues } from './queues.ts';
import { addOutput } from './add-output.ts';
import { tableRights } from './state-table.ts';
import { wake } from './triggers.ts';

export interface ControlPlaneProps {
  readonly functions: readonly FunctionSpec[];
  readonly deployment: Deployment;
  readonly table: ITableV2;
  readonly key: Key | undefined;
  readonly bundleOf: BundleOf;
  readonly access: AccessVariables;
}

/** Letters and digits alone are base64 too, and this many of them are the 32 bytes of an AES-256 key. */
const envelopeKeyCharacters = 43;

export class ControlPlane extends Construct {
  readonly queues: Queues;
  readonly endpoint: ApiEndpoint;
  /** By name in the manifest; without the API where its host is no event function. */
  readonly functions: ReadonlyMap<string, EventFunction>;
  /** What IAM tokens for its clusters are made for, behind the cluster's name: no other stack has it. */
  private readonly iamScope: string;
  private readonly props: ControlPlaneProps;
  private readonly environment: Readonly<Record<string, string>>;
  private readonly envelopeKey: ISecret;
  private readonly auditLog: LogGroup | undefined;

  constructor(scope: Construct, id: string, props: ControlPlaneProps) {
    super(scope, id);
    const { functions, key } = props;
    this.props = props;
    // The last part of a stack's id is drawn by chance.
    this.iamScope = Fn.select(2, Fn.split('/', Stack.of(this).stackId));
    this.queues = new Queues(this, 'Queues', { functions, key });
    this.envelopeKey = this.envelopeSecret();
    this.auditLog = this.openAuditLog();
    this.environment = this.settings();

    const apiSpec = functions.find(({ triggers }) => triggers.some(({ kind }) => kind === 'https'));
    if (apiSpec === undefined) throw new Error('the manifest has no function that serves https');
    const { host, limits } = props.deployment;
    this.endpoint = createApiEndpoint[host](this.scopeOf(apiSpec), { ...this.propsOf(apiSpec), limits });

    const made = functions.filter((spec) => spec !== apiSpec).map((spec) => [spec.name, this.eventFunction(spec)] as const);
    this.functions = new Map(this.endpoint.eventFunction === undefined ? made : [[apiSpec.name, this.endpoint.eventFunction], ...made]);
    this.outputAddresses();
  }

  /** `https://host`, and a path but for the default cluster. */
  serverOf(cluster: string): string {
    const root = `https://${this.endpoint.domainName}`;
    return cluster === this.props.deployment.clusters[0] ? root : `${root}${clusterPath(cluster)}`;
  }

  iamClusterIdOf(cluster: string): string {
    return iamClusterId(cluster, this.iamScope);
  }

  private outputAddresses(): void {
    const [defaultCluster = '', ...others] = this.props.deployment.clusters;
    const endpoint = {
      value: this.serverOf(defaultCluster),
      description: `The API: of cluster ${defaultCluster}, and of NAME at /clusters/NAME`,
    };
    addOutput(this, 'Endpoint', stackOutputs.endpoint, endpoint);
    addOutput(this, 'EnvelopeSecret', stackOutputs.envelopeSecret, {
      value: this.envelopeKey.secretArn,
      description: 'What Secrets are sealed with; hibernetes keys rotate replaces it',
    });
    addOutput(this, 'IamScope', stackOutputs.iamScope, { value: this.iamScope, description: 'aws eks get-token --cluster-name NAME-…' });
    for (const name of [defaultCluster, ...others]) {
      const names = clusterOutputs(name);
      const made = name === defaultCluster ? '' : `, once hibernetes create cluster ${name} has made it`;
      addOutput(this, `${name}Endpoint`, names.endpoint, { value: this.serverOf(name), description: `The API of cluster ${name}${made}` });
      addOutput(this, `${name}IamId`, names.iamId, {
        value: this.iamClusterIdOf(name),
        description: `aws eks get-token --cluster-name, for ${name}`,
      });
    }
  }

  private eventFunction(spec: FunctionSpec): EventFunction {
    const scope = this.scopeOf(spec);
    const made = createEventFunction(scope, this.propsOf(spec));
    for (const trigger of spec.triggers) {
      wake(scope, made, { trigger, table: this.props.table, queues: this.queues, concurrency: this.props.deployment.limits.concurrency });
    }
    return made;
  }

  private readonly scopeOf = (spec: FunctionSpec): Construct => new Construct(this, capitalised(spec.name));

  private propsOf(spec: FunctionSpec): FunctionProps {
    const { bundleOf, key, deployment, table } = this.props;
    return {
      spec,
      environment: this.environment,
      rights: [...tableRights(table, spec.table), ...this.openingRights(spec), ...this.auditRights(spec), ...this.ringingRights(spec)],
      bundleOf,
      key,
      logDays: deployment.logDays,
      concurrency: deployment.limits.concurrency,
      deadLetters: this.queues.deadLetters,
    };
  }

  /** Who reads what lies in the table needs what unseals it. */
  private openingRights({ table }: FunctionSpec): PolicyStatement[] {
    if (table === 'none') return [];
    const actions = ['secretsmanager:GetSecretValue'];
    return [new PolicyStatement({ effect: Effect.ALLOW, actions, resources: [this.envelopeKey.secretArn] })];
  }

  private envelopeSecret(): ISecret {
    const { adopted } = this.props.deployment;
    if (adopted !== undefined) return Secret.fromSecretCompleteArn(this, 'EnvelopeKey', adopted.envelopeSecret);
    const secret = new Secret(this, 'EnvelopeKey', {
      description: 'Seals what the clusters keep secret in their table. Without it those secrets are lost.',
      generateSecretString: { passwordLength: envelopeKeyCharacters, excludePunctuation: true, includeSpace: false },
      encryptionKey: this.props.key,
      removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
    });
    Validations.of(secret).acknowledge({
      id: 'AwsSolutions-SMG4',
      reason: 'What was sealed with the key could not be opened with the next one: rotating it takes a program, not a schedule.',
    });
    return secret;
  }

  private openAuditLog(): LogGroup | undefined {
    const { deployment, key } = this.props;
    if (deployment.audit === undefined) return undefined;
    key?.grantEncryptDecrypt(new ServicePrincipal(`logs.${Stack.of(this).region}.amazonaws.com`));
    return new LogGroup(this, 'AuditLog', {
      retention: deployment.audit.days,
      removalPolicy: RemovalPolicy.DESTROY,
      ...(key === undefined ? {} : { encryptionKey: key }),
    });
  }

  /** Events are added; no function reads or deletes them. */
  private auditRights({ hasApi }: FunctionSpec): PolicyStatement[] {
    if (!hasApi || this.auditLog === undefined) return [];
    const actions = ['logs:CreateLogStream', 'logs:PutLogEvents'];
    return [new PolicyStatement({ effect: Effect.ALLOW, actions, resources: [this.auditLog.logGroupArn] })];
  }

  /** Workers, which doorbells wake, also set their own deadlines. */
  private ringingRights({ rings, triggers }: FunctionSpec): PolicyStatement[] {
    const { deadlines } = this.queues;
    const isWorker = triggers.some(({ kind }) => kind === 'doorbell');
    const queues = [...rings.map((group) => this.queues.queueOf(group)), ...(isWorker && deadlines !== undefined ? [deadlines] : [])];
    if (queues.length === 0) return [];
    return [maySend(...queues)];
  }

  private settings(): Readonly<Record<string, string>> {
    const { deployment, table } = this.props;
    const queues = [...this.queues.groups].map(([group, queue]) => [settingNames.queues[group], queue.queueUrl] as const);
    const { deadlines } = this.queues;
    return {
      [settingNames.table]: table.tableName,
      [settingNames.cluster]: deployment.clusters[0] ?? '',
      ...Object.fromEntries(queues),
      ...(deadlines === undefined ? {} : { [settingNames.deadlineQueue]: deadlines.queueUrl }),
      [settingNames.iamScope]: this.iamScope,
      ...(deployment.administrators.length === 0 ? {} : { [settingNames.administrators]: deployment.administrators.join(',') }),
      [settingNames.networks]: JSON.stringify(deployment.networks),
      ...(deployment.admission === undefined ? {} : { [settingNames.admission]: JSON.stringify(deployment.admission) }),
      ...this.props.access,
      ...this.auditSettings(),
      ...(deployment.hasDashboard ? {} : { [settingNames.dashboard]: 'off' }),
      [settingNames.envelopeSecret]: this.envelopeKey.secretArn,
    };
  }
  private auditSettings(): Readonly<Record<string, string>> {
    const { audit } = this.props.deployment;
    if (audit === undefined || this.auditLog === undefined) return {};
    return { [settingNames.audit]: JSON.stringify({ group: this.auditLog.logGroupName, policy: audit.policy }) };
  }
}
