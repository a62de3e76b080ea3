/** What a cloud passes to the functions, checked once. The names are the contract between a deployment and the roots. */
import { type ClusterNetworks, defaultNetworks } from '../kube/cluster-networks.ts';
import { noApiAddress } from '../node-protocol/api-address.ts';
import type { ChosenAdmission } from './admission-settings.ts';
import type { AuthorizationSettings } from '../apiserver/auth/authorization/settings.ts';
import type { AuthenticationSettings } from '../apiserver/auth/jwt/settings.ts';
import type { AuditSettings } from './audit-settings.ts';
import type { WorkerGroupName } from '../manifest.ts';

/**
 * Names of environment variables. Where AWS is, and as whom, the SDK learns by its own (`AWS_REGION`,
 * `AWS_ENDPOINT_URL_SQS`, …).
 */
export const settingNames = {
  /** The DynamoDB table. */
  table: 'HIBERNETES_TABLE',
  /** Several clusters share all of it: this one is meant where none is named. */
  cluster: 'HIBERNETES_CLUSTER',
  /** Addresses of the FIFO queues that wake the workers. */
  queues: {
    controllers: 'HIBERNETES_QUEUE_CONTROLLERS',
    scheduler: 'HIBERNETES_QUEUE_SCHEDULER',
    materializer: 'HIBERNETES_QUEUE_MATERIALIZER',
  },
  /** Address of the standard queue whose messages wait for a deadline. */
  deadlineQueue: 'HIBERNETES_QUEUE_DEADLINES',
  /** 32 bytes in base64, with which Secrets and the cluster's own keys are sealed in the table; behind a comma, former ones. */
  envelopeKey: 'HIBERNETES_ENVELOPE_KEY',
  /** On AWS, instead of the key: the secret in Secrets Manager that holds it, which KMS unseals when a function starts. */
  envelopeSecret: 'HIBERNETES_ENVELOPE_SECRET',
  /** What pods trust the API by (PEM). */
  certificateAuthority: 'HIBERNETES_CERTIFICATE_AUTHORITY',
  /** Address and port at which pods find the API. Where there is none, their nodes stand in for it (agent/api-service). */
  advertise: 'HIBERNETES_ADVERTISE',
  /**
   * What IAM tokens must be made for, behind the cluster's name: `aws eks get-token --cluster-name NAME-…`. Without it no
   * IAM token is believed.
   */
  iamScope: 'HIBERNETES_IAM_SCOPE',
  /**
   * ARNs of IAM users and roles that may do everything, separated by commas. Others come from the ConfigMap
   * kube-system/aws-auth.
   */
  administrators: 'HIBERNETES_ADMINISTRATORS',
  /** The secret of which the administrator's token of each cluster is made: for clusters that only this machine reaches. */
  adminSecret: 'HIBERNETES_ADMIN_SECRET',
  /** Which admission plug-ins run: a ChosenAdmission as JSON. */
  admission: 'HIBERNETES_ADMISSION',
  /** Which requests are recorded, and where: an AuditSettings as JSON. Without it none are. */
  audit: 'HIBERNETES_AUDIT',
  /** Who else vouches for bearer tokens: AuthenticationSettings as JSON. */
  authentication: 'HIBERNETES_AUTHENTICATION',
  /** Who decides whether callers may: AuthorizationSettings as JSON. */
  authorization: 'HIBERNETES_AUTHORIZATION',
  /** The networks of the cluster: a ClusterNetworks as JSON. */
  networks: 'HIBERNETES_NETWORKS',
  /** `off`: nothing is served at `/ui`. */
  dashboard: 'HIBERNETES_DASHBOARD',
  /** `debug`, `info`, `warn` or `error`. */
  logLevel: 'HIBERNETES_LOG_LEVEL',
} as const;

export interface EnvelopeKeys {
  readonly envelopeKey: Uint8Array;
  /** They open what was sealed before, the oldest last. */
  readonly formerEnvelopeKeys?: readonly Uint8Array[];
  /** Reads them again, where they can be replaced while a process lives. */
  readonly reread?: () => Promise<EnvelopeKeys>;
}

export interface Settings extends EnvelopeKeys {
  readonly table: string;
  /** Meant where no cluster is named. */
  readonly defaultCluster: string;
  readonly queues: Readonly<Partial<Record<WorkerGroupName, string>>>;
  readonly deadlineQueue: string | undefined;
  readonly certificateAuthorityPem: string;
  readonly advertise: { readonly address: string; readonly port: number };
  readonly iam: { readonly scope: string; readonly administrators: readonly string[] } | undefined;
  readonly adminSecret: string | undefined;
  readonly admission?: ChosenAdmission;
  readonly audit?: AuditSettings;
  readonly authentication?: AuthenticationSettings;
  readonly authorization?: AuthorizationSettings;
  readonly networks: ClusterNetworks;
  /** Whether browsers find the dashboard at `/ui`. */
  readonly hasDashboard: boolean;
}

/** A function was deployed with a setting that is missing or cannot be read. */
export class SettingsError extends Error {
  override name = 'SettingsError';
}

/** What IAM tokens for a cluster are made for: no cluster of another stack has it. */
export const iamClusterId = (name: string, scope: string): string => `${name}-${scope}`;

export type Environment = (name: string) => string | undefined;

const nowhere = `${noApiAddress}:443`;
const envelopeBytes = 32;

export const settingsOf = (environment: Environment): Settings => ({
  table: required(environment, settingNames.table),
  defaultCluster: environment(settingNames.cluster) ?? 'default',
  ...queueSettingsOf(environment),
  ...envelopeKeys(required(environment, settingNames.envelopeKey)),
  certificateAuthorityPem: environment(settingNames.certificateAuthority) ?? '',
  advertise: place(environment(settingNames.advertise) ?? nowhere),
  iam: iam(environment),
  adminSecret: environment(settingNames.adminSecret),
  ...parsed(environment, 'admission'),
  ...parsed(environment, 'audit'),
  ...parsed(environment, 'authentication'),
  ...parsed(environment, 'authorization'),
  networks: networks(environment(settingNames.networks)),
  hasDashboard: environment(settingNames.dashboard) !== 'off',
});

/** All that a function needs which only rings. */
export const queueSettingsOf = (environment: Environment): Pick<Settings, 'queues' | 'deadlineQueue'> => ({
  queues: Object.fromEntries(
    Object.entries(settingNames.queues).flatMap(([group, name]) => {
      const url = environment(name);
      return url === undefined ? [] : [[group, url]];
    }),
  ),
  deadlineQueue: environment(settingNames.deadlineQueue),
});

function required(environment: Environment, name: string): string {
  const value = environment(name);
  if (value === undefined) throw new SettingsError(`the environment variable ${name} is missing`);
  return value;
}

export function envelopeKeys(text: string): EnvelopeKeys {
  const [first = '', ...former] = text.split(',').map((part) => part.trim());
  return { envelopeKey: envelopeKey(first), ...(former.length === 0 ? {} : { formerEnvelopeKeys: former.map(envelopeKey) }) };
}

function envelopeKey(text: string): Uint8Array {
  const key = Buffer.from(text, 'base64');
  if (key.length !== envelopeBytes) throw new SettingsError(`${settingNames.envelopeKey} must be ${envelopeBytes} bytes in base64`);
  return key;
}

/** The deployment wrote it with `JSON.stringify`. */
function parsed<Name extends 'admission' | 'audit' | 'authentication' | 'authorization'>(
  environment: Environment,
  name: Name,
): Partial<Pick<Settings, Name>> {
  const text = environment(settingNames[name]);
  return text === undefined ? {} : ({ [name]: JSON.parse(text) } as Pick<Settings, Name>);
}

/** The deployment checked them. */
const networks = (text: string | undefined): ClusterNetworks =>
  text === undefined ? defaultNetworks : { ...defaultNetworks, ...(JSON.parse(text) as Partial<ClusterNetworks>) };

function place(text: string): { readonly address: string; readonly port: number } {
  const match = /^(.+):(\d{1,5})$/.exec(text);
  if (match === null) throw new SettingsError(`${settingNames.advertise} must be ADDRESS:PORT, not ${text}`);
  return { address: match[1] ?? '', port: Number(match[2]) };
}

function iam(environment: Environment): Settings['iam'] {
  const scope = environment(settingNames.iamScope);
  if (scope === undefined) return undefined;
  const administrators = (environment(settingNames.administrators) ?? '').split(',').map((arn) => arn.trim());
  return { scope, administrators: administrators.filter((arn) => arn !== '') };
}
