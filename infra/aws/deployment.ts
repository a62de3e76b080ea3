/**
 * What a deployment may choose, read from CDK context (`-c name=value`) and checked once. Everything has a default: one
 * cluster, no nodes, and limits that keep the price of a mistake low.
 */

import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { type ChosenAdmission, checkAdmission } from '../../functions/cloud/admission-settings.ts';
import { checkedPolicy, writtenPolicy } from '../../functions/cloud/audit-settings.ts';
import type { Json } from '../../functions/kube/object.ts';
import { type ClusterNetworks, defaultNetworks, networkErrors } from '../../functions/kube/cluster-networks.ts';
import { podNetworkNames } from '../../functions/kube/pod-network.ts';
import { clusterNameErrors, clustersMax } from '../../functions/cloud/clusters.ts';

export type ApiHost = 'web-function' | 'function-url';
export type Architecture = 'arm64' | 'x86_64';

export interface NodeGroup {
  readonly count: number;
  readonly architecture: Architecture;
  /** EC2's name of it: `t4g.small`. */
  readonly instanceType: string;
  /** EC2's id of the machine image: `ami-…`. Undefined: the newest of Amazon Linux, whenever the stack is deployed. */
  readonly image: string | undefined;
  /** The cluster that they join. */
  readonly cluster: string;
}

export interface Deployment {
  /** Also the beginning of the names of all that is made. */
  readonly stackName: string;
  /** The stack cannot be deleted. Not from the first deployment on: what failed must be deleted before the next. */
  readonly isProtected: boolean;
  /** Prefixes of keys in one table. The first answers at the root of the endpoint; the others are made once it stands. */
  readonly clusters: readonly string[];
  readonly host: ApiHost;
  /** Encrypt with a key of the customer's, made here, instead of keys that AWS keeps for the account. */
  readonly customerKey: boolean;
  /** ARNs of IAM users and roles that may do everything. */
  readonly administrators: readonly string[];
  /** Each alarm costs ten cents a month beyond the first ten of an account. */
  readonly hasAlarms: boolean;
  readonly alarmEmail: string | undefined;
  /** Browsers find the dashboard at `/ui`. */
  readonly hasDashboard: boolean;
  readonly logDays: number;
  /** Which admission plug-ins run; undefined for the default ones. */
  readonly admission: ChosenAdmission | undefined;
  /** The choice of the audit log; undefined: no request is recorded. */
  readonly audit: AuditChoice | undefined;
  readonly networks: ClusterNetworks;
  /** Undefined: the stack makes a table of its own. */
  readonly adopted: AdoptedState | undefined;
  readonly limits: Limits;
  readonly nodes: NodeGroup | undefined;
}

/** A table and what unseals it, which this stack does not make. */
export interface AdoptedState {
  /** The table's name. */
  readonly table: string;
  /** ARN of its stream. */
  readonly stream: string;
  /** ARN of the secret with the envelope key. */
  readonly envelopeSecret: string;
}

/** An audit log in a log group of its own. */
export interface AuditChoice {
  /** The audit policy, as a setting of the functions. */
  readonly policy: string;
  /** How many days the audit log is kept. */
  readonly days: number;
}

/** Limits that bound the bill. */
export interface Limits {
  /** Instances of each event function at one time; undefined reserves none, for accounts whose quota is too small for that. */
  readonly concurrency: number | undefined;
  /** Instances of the API at one time. A Web Function's instance serves many requests, a Function URL's one. */
  readonly apiEnvironments: number;
  /** Requests to the API. A Web Function takes hundreds up to 1000, then thousands up to 10000. */
  readonly apiRequestsPerSecond: number;
  readonly tableReadsPerSecond: number;
  readonly tableWritesPerSecond: number;
}

export class DeploymentError extends Error {
  override name = 'DeploymentError';
}

/** Context as CDK gives it: text from a command line, anything from cdk.json. */
export type Context = (name: string) => unknown;

/** What may be chosen besides the stack's name. A command that reads a stack knows the name already. */
export const choiceNames = [
  'clusters',
  'host',
  'administrators',
  'key',
  'alarms',
  'alarmEmail',
  'dashboard',
  'logDays',
  'enableAdmissionPlugins',
  'disableAdmissionPlugins',
  'admissionControlConfigFile',
  'authenticationConfig',
  'authenticationTokenWebhookConfigFile',
  'authenticationTokenWebhookVersion',
  'authenticationTokenWebhookCacheTtl',
  'authorizationConfig',
  'auditPolicyFile',
  'auditLogDays',
  'podCidr',
  'serviceCidr',
  'nodePortRange',
  'dnsIp',
  'clusterDomain',
  'podNetwork',
  'table',
  'tableStream',
  'envelopeSecret',
  'concurrency',
  'apiEnvironments',
  'apiRequestsPerSecond',
  'tableReadsPerSecond',
  'tableWritesPerSecond',
  'nodes',
  'instanceType',
  'nodeArchitecture',
  'nodeImage',
  'nodeCluster',
] as const;

/** As on a command line; what is not there has its default. */
export type Choices = Readonly<Partial<Record<(typeof choiceNames)[number], string>>>;

export const choicesIn = (context: Context): Choices =>
  Object.fromEntries(choiceNames.filter((name) => context(name) !== undefined).map((name) => [name, textIn(context)(name, '')]));

const nodesMax = 500;
/** What `nodeImage` may be besides an id. */
export const latestImage = 'latest';
const imagePattern = /^ami-[0-9a-f]{8,17}$/;
/** Where the stack's own machines have their addresses. */
export const nodesCidr = '10.0.0.0/16';
const roleOrUser = /^arn:aws[a-z-]*:iam::\d{12}:(role|user)\/.+$/;
/** Source: the periods that CloudWatch Logs accepts. */
const logDaysKnown = [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731];
const architectures: readonly Architecture[] = ['arm64', 'x86_64'];
const hosts: readonly ApiHost[] = ['web-function', 'function-url'];
const instanceTypes: Readonly<Record<Architecture, string>> = { arm64: 't4g.small', x86_64: 't3.small' };

export function deploymentOf(context: Context): Deployment {
  const text = textIn(context);
  const number = numberIn(context);
  const host = oneOf(text('host', 'web-function'), hosts, 'host');
  const clusters = listOf(text('clusters', 'default'));
  checkClusters(clusters);
  const administrators = listOf(text('administrators', ''));
  const stranger = administrators.find((arn) => !roleOrUser.test(arn));
  if (stranger !== undefined) throw new DeploymentError(`administrators: ${stranger} is not the ARN of an IAM role or user`);
  const email = text('alarmEmail', '');
  const hasAlarms = oneOf(text('alarms', 'all'), ['all', 'none'], 'alarms') === 'all';
  if (!hasAlarms && email !== '') throw new DeploymentError('alarmEmail: there are no alarms');
  return {
    stackName: text('stack', 'Hibernetes'),
    isProtected: oneOf(text('protection', 'off'), ['off', 'on'], 'protection') === 'on',
    clusters,
    host,
    customerKey: oneOf(text('key', 'aws'), ['aws', 'customer'], 'key') === 'customer',
    administrators,
    hasAlarms,
    alarmEmail: email === '' ? undefined : email,
    hasDashboard: oneOf(text('dashboard', 'on'), ['on', 'off'], 'dashboard') === 'on',
    admission: admissionOf(text),
    audit: auditOf(text, number),
    networks: networksOf(text),
    adopted: adoptedOf(text),
    logDays: oneOf(number('logDays', 14, 1), logDaysKnown, 'logDays'),
    limits: {
      concurrency: text('concurrency', '10') === 'none' ? undefined : number('concurrency', 10, 1),
      apiEnvironments: number('apiEnvironments', host === 'web-function' ? 4 : 100, 2),
      apiRequestsPerSecond: number('apiRequestsPerSecond', 1000, 0),
      tableReadsPerSecond: number('tableReadsPerSecond', 12_000, 1),
      tableWritesPerSecond: number('tableWritesPerSecond', 4000, 1),
    },
    nodes: nodeGroupOf(context, clusters),
  };
}

/** They are chosen with the first deployment and stay. */
function networksOf(text: (name: string, otherwise: string) => string): ClusterNetworks {
  const networks: ClusterNetworks = {
    podCidr: text('podCidr', defaultNetworks.podCidr),
    serviceCidr: text('serviceCidr', defaultNetworks.serviceCidr),
    nodePortRange: text('nodePortRange', defaultNetworks.nodePortRange),
    dnsIp: text('dnsIp', defaultNetworks.dnsIp),
    clusterDomain: text('clusterDomain', defaultNetworks.clusterDomain),
    podNetwork: oneOf(text('podNetwork', defaultNetworks.podNetwork), podNetworkNames, 'podNetwork'),
  };
  const [wrong] = networkErrors(networks, [{ cidr: nodesCidr, owner: "the nodes' network" }]);
  if (wrong !== undefined) throw new DeploymentError(`${wrong.name}: ${wrong.why}`);
  return networks;
}

const streamArn = /^arn:aws[a-z-]*:dynamodb:[a-z0-9-]+:\d{12}:table\/([^/]+)\/stream\/.+$/;
const secretArn = /^arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:.+$/;

/** All three, or none. */
function adoptedOf(text: TextIn): AdoptedState | undefined {
  const adopted = { table: text('table', ''), stream: text('tableStream', ''), envelopeSecret: text('envelopeSecret', '') };
  if (Object.values(adopted).every((value) => value === '')) return undefined;
  if (streamArn.exec(adopted.stream)?.[1] !== adopted.table)
    throw new DeploymentError(`tableStream: the ARN of the stream of the table ${adopted.table}`);
  if (!secretArn.test(adopted.envelopeSecret)) throw new DeploymentError('envelopeSecret: the ARN of the secret that opens the table');
  if (text('key', 'aws') !== 'aws') throw new DeploymentError('key: a table that is adopted stays encrypted as it is');
  return adopted;
}

/** The file's text goes along with the functions, which read it when they start. */
function admissionOf(text: (name: string, otherwise: string) => string): ChosenAdmission | undefined {
  const [enable, disable] = [listOf(text('enableAdmissionPlugins', '')), listOf(text('disableAdmissionPlugins', ''))];
  const file = text('admissionControlConfigFile', '');
  if (enable.length === 0 && disable.length === 0 && file === '') return undefined;
  const chosen = { enable, disable, ...(file === '' ? {} : { configuration: readFileSync(file, 'utf8') }) };
  try {
    checkAdmission(chosen);
  } catch (error) {
    if (error instanceof Error) throw new DeploymentError(error.message);
    throw error;
  }
  return chosen;
}

function auditOf(text: TextIn, number: NumberIn): AuditChoice | undefined {
  const file = text('auditPolicyFile', '');
  const days = oneOf(number('auditLogDays', 90, 1), logDaysKnown, 'auditLogDays');
  if (file === '') return undefined;
  try {
    return { policy: writtenPolicy(checkedPolicy(parse(readFileSync(file, 'utf8')) as Json)), days };
  } catch (error) {
    if (error instanceof Error) throw new DeploymentError(`auditPolicyFile: ${error.message}`);
    throw error;
  }
}

function checkClusters(clusters: readonly string[]): void {
  for (const name of clusters) {
    const [wrong] = clusterNameErrors(name);
    if (wrong !== undefined) throw new DeploymentError(`clusters: ${name}: ${wrong}`);
  }
  if (new Set(clusters).size !== clusters.length) throw new DeploymentError('clusters: each name once');
  if (clusters.length < 1 || clusters.length > clustersMax) {
    throw new DeploymentError(`clusters: 1 to ${clustersMax} share a stack; deploy the others as stacks of their own (-c stack=NAME)`);
  }
}

function nodeGroupOf(context: Context, clusters: readonly string[]): NodeGroup | undefined {
  const text = textIn(context);
  const count = numberIn(context)('nodes', 0, 0);
  if (count === 0) return undefined;
  if (count > nodesMax) throw new DeploymentError(`nodes: ${nodesMax} at most`);
  const image = text('nodeImage', latestImage);
  if (image !== latestImage && !imagePattern.test(image))
    throw new DeploymentError(`nodeImage: ${latestImage} or an id such as ami-0123456789abcdef0`);
  const architecture = oneOf(text('nodeArchitecture', 'arm64'), architectures, 'nodeArchitecture');
  return {
    count,
    architecture,
    instanceType: text('instanceType', instanceTypes[architecture]),
    image: image === latestImage ? undefined : image,
    cluster: oneOf(text('nodeCluster', clusters[0] ?? ''), clusters, 'nodeCluster'),
  };
}

type TextIn = (name: string, otherwise: string) => string;
type NumberIn = (name: string, otherwise: number, least: number) => number;

const textIn =
  (context: Context) =>
  (name: string, otherwise: string): string => {
    const value = context(name) ?? otherwise;
    if (Array.isArray(value)) return value.join(',');
    if (typeof value === 'string' || typeof value === 'number') return `${value}`;
    throw new DeploymentError(`${name}: a text`);
  };

const numberIn =
  (context: Context) =>
  (name: string, otherwise: number, least: number): number => {
    const value = Number(context(name) ?? otherwise);
    if (!Number.isInteger(value) || value < least) throw new DeploymentError(`${name}: a whole number, ${least} or more`);
    return value;
  };

const listOf = (text: string): readonly string[] =>
  text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');

function oneOf<T>(value: unknown, known: readonly T[], name: string): T {
  const found = known.find((one) => one === value);
  if (found === undefined) throw new DeploymentError(`${name}: one of ${known.join(', ')}, not ${String(value)}`);
  return found;
}
