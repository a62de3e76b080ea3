/** The clusters that share a stack on AWS. */
import { environment } from '../../functions/world.ts';
import { withAccount, type CloudAccount } from './cloud-account.ts';
import { cloudFile, cloudKubeconfig } from './cloud-kubeconfig.ts';
import { withCloudApi } from './cloud-nodes.ts';
import { clusterOf, defaultNameOf, requireStack, type CloudStack, type StackChoice } from './cloud-stack.ts';
import { CliError } from './cli-error.ts';
import type { ClusterHome } from './cluster-home.ts';

export function cloudHome(account: CloudAccount, stack: CloudStack, dataDir: string): ClusterHome {
  const { table } = stack;
  if (table === undefined) throw new CliError(`The stack ${stack.name} has no table yet.`, 'hibernetes deploy makes it.');
  return {
    title: `the stack ${stack.name}`,
    defaultName: defaultNameOf(stack),
    endedBy: `hibernetes destroy --stack ${stack.name}`,
    tableName: table,
    access: { region: account.region, credentials: account.credentials },
    envelope:
      stack.envelopeSecret === undefined
        ? undefined
        : { secret: stack.envelopeSecret, access: { region: account.region, credentials: account.credentials } },
    serverOf: (name) => clusterOf(stack, name).endpoint,
    kubeconfigOf: ({ name }) =>
      cloudKubeconfig({
        stack: stack.name,
        region: account.region,
        cluster: clusterOf(stack, name),
        profile: environment('AWS_PROFILE'),
      }),
    kubeconfigFile: (name) => cloudFile(dataDir, stack.name, `${name}.kubeconfig`),
    gateOf: (name) => ({
      kubeconfig: cloudFile(dataDir, stack.name, `${name}.direct.kubeconfig`),
      home: cloudFile(dataDir, stack.name, `${name}.gate`),
    }),
    withApi: ({ name }, work) => withCloudApi(account, clusterOf(stack, name), work),
    nodeRoleOf: (name) => clusterOf(stack, name).nodeRole,
  };
}

export const withCloudHome = <T>(
  { stack, region, dataDir }: StackChoice & { readonly dataDir: string },
  work: (home: ClusterHome) => Promise<T>,
): Promise<T> => withAccount(region, async (account) => work(cloudHome(account, await requireStack(account, stack), dataDir)));
