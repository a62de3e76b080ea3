/** Where several clusters share a table: a stack on AWS, or `up --cloud local` on this machine. Making a cluster means the same in both. */
import { ServiceError, type AwsAccess } from '../../functions/aws/json-service.ts';
import type { ClusterIdentity } from '../../functions/cloud/clusters.ts';
import { StoreError } from '../../functions/store/store.ts';
import type { ApiAccess } from './api-client.ts';
import { CliError } from './cli-error.ts';
import { localHome } from './local-home.ts';
import { stackDefault } from './stack-default.ts';

export interface ClusterHome {
  /** The name as part of a sentence: `the stack Hibernetes`. */
  readonly title: string;
  readonly defaultName: string;
  /** What ends the default cluster, which is as old as its table. */
  readonly endedBy: string;
  readonly tableName: string;
  /** Where the table is, and as whom it is asked. */
  readonly access: AwsAccess;
  /** The secret that holds the envelope key, and how to reach it. Undefined: the stack was deployed by an earlier version. */
  readonly envelope: { readonly secret: string; readonly access: AwsAccess } | undefined;
  /** `https://host`, and a path but for the default cluster. */
  serverOf(name: string): string;
  kubeconfigOf(cluster: ClusterIdentity): string;
  /** Where a cluster's kubeconfig is kept. */
  kubeconfigFile(name: string): string;
  /** Where kubectl needs a gate on this machine: what names the API itself, and the gate's directory. The kubeconfig names the gate. */
  gateOf?(name: string): { readonly kubeconfig: string; readonly home: string };
  /** Does the work as an administrator. */
  withApi<T>(cluster: ClusterIdentity, work: (api: ApiAccess) => Promise<T>): Promise<T>;
  /** The role of machines that join the cluster, if some do. */
  nodeRoleOf(name: string): string | undefined;
}

export interface HomeChoice {
  readonly dataDir: string;
  /** The stack's name; left out where the Region alone chooses the stack. */
  readonly stack?: string;
  readonly region?: string;
}

/** The cloud of the data directory, unless a stack is named or there is none. */
export async function withHome<T>(choice: HomeChoice, work: (home: ClusterHome) => Promise<T>): Promise<T> {
  const { dataDir, stack, region } = choice;
  const here = stack === undefined && region === undefined ? localHome(dataDir) : undefined;
  if (here !== undefined) return inWords(here, work);
  // It brings the SDK.
  const { withCloudHome } = await import('./cloud-home.ts');
  return withCloudHome({ dataDir, stack: stack ?? stackDefault, ...(region === undefined ? {} : { region }) }, (home) =>
    inWords(home, work),
  );
}

/** What the table fails with, as a user can answer it. */
async function inWords<T>(home: ClusterHome, work: (home: ClusterHome) => Promise<T>): Promise<T> {
  try {
    return await work(home);
  } catch (error) {
    if (error instanceof StoreError)
      throw new CliError(`The table of ${home.title} cannot be used: ${error.message}.`, 'hibernetes list clusters shows what there is.');
    if (error instanceof ServiceError) throw new CliError(`The table of ${home.title} refused (${error.name}): ${error.message}`);
    throw error;
  }
}
