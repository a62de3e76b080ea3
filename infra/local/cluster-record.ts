/** What a cluster on this machine is, so that a second `up` resumes it. */
import { join } from 'node:path';
import type { AdmissionSettings } from '../../functions/apiserver/admission/configuration.ts';
import type { SchedulerConfiguration } from '../../functions/scheduler/configuration/configuration.ts';
import type { AuthorizationSettings } from '../../functions/apiserver/auth/authorization/settings.ts';
import type { AuthenticationSettings } from '../../functions/apiserver/auth/jwt/settings.ts';
import type { AuditPolicy } from '../../functions/apiserver/audit/policy.ts';
import type { ComponentName } from '../../functions/worker-groups.ts';
import type { ClusterNetworks } from '../../functions/kube/cluster-networks.ts';
import type { AuditFileSettings } from './audit-file.ts';
import { readIfThere, writePrivately, type DataDirectory } from './data-directory.ts';

/** What is recorded of requests, and where. */
export interface AuditSettings {
  readonly policy: AuditPolicy;
  readonly file: AuditFileSettings;
}

/** What the flags of `up` chose for the control plane; the next `up` keeps it. */
export interface ControlPlaneChoices {
  /** Which admission plug-ins run, and how. */
  readonly admission?: AdmissionSettings | undefined;
  /** What is recorded of requests, and where. */
  readonly audit?: AuditSettings | undefined;
  /** Whose tokens are believed besides the cluster's own, and who may come without any. */
  readonly authentication?: AuthenticationSettings | undefined;
  /** Who decides whether callers may, in order. */
  readonly authorization?: AuthorizationSettings | undefined;
  /** The configuration of the scheduler. */
  readonly scheduler?: SchedulerConfiguration | undefined;
  /** Components of ours that do nothing: other programs do their work. */
  readonly absent?: readonly ComponentName[] | undefined;
  /** False: nothing is served at `/ui`. */
  readonly dashboard?: boolean | undefined;
}

export interface ClusterRecord extends ControlPlaneChoices {
  /** Six letters or digits: the names of namespaces and interfaces derive from it. */
  readonly id: string;
  readonly runtime: 'containerd' | 'simulated';
  readonly nodes: number;
  /** The control plane runs as functions around a table, as on AWS. */
  readonly cloud?: 'local' | undefined;
  /** Left out by versions that knew but the default ones. */
  readonly networks?: ClusterNetworks;
  /** Where the API answers. */
  readonly host: string;
  readonly port: number;
  /** Where clients ask that need upgraded connections, if the API's host carries none. */
  readonly gatePort?: number | undefined;
}

/** The address of the API in kubeconfigs. */
export const clientServerOf = ({ host, port, gatePort }: Pick<ClusterRecord, 'host' | 'port' | 'gatePort'>): string =>
  serverOf({ host, port: gatePort ?? port });

/** `https://host:port`, for clients on this machine. */
export function serverOf({ host, port }: Pick<ClusterRecord, 'host' | 'port'>): string {
  const reachable = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
  return `https://${reachable.includes(':') ? `[${reachable}]` : reachable}:${port}`;
}

const fileOf = (directory: DataDirectory): string => join(directory.root, 'cluster.json');

export function clusterRecord(directory: DataDirectory): ClusterRecord | undefined {
  const text = readIfThere(fileOf(directory));
  return text === undefined ? undefined : (JSON.parse(text) as ClusterRecord);
}

export const writeClusterRecord = (directory: DataDirectory, record: ClusterRecord): void =>
  writePrivately(fileOf(directory), `${JSON.stringify(record, undefined, 2)}\n`);
