/** `hibernetes create|list|delete cluster`: the clusters of a stack, which share its table. Each change deploys the stack anew. */
import type { Choices } from '../aws/deployment.ts';
import { agree } from './agree.ts';
import { CliError } from './cli-error.ts';
import { withAccount, type CloudAccount } from './cloud-account.ts';
import { requireStack, type CloudStack, type StackChoice } from './cloud-stack.ts';
import { checkChoices, deployChoices, kubeconfigFile } from './deploy.ts';
import { terminalProgress } from './progress.ts';

export interface ClusterOptions extends StackChoice {
  readonly yes?: boolean;
  readonly dataDir: string;
}

const namesOf = ({ clusters }: CloudStack): readonly string[] => clusters.map(({ name }) => name);

export function withCluster(stack: CloudStack, name: string): Choices {
  if (namesOf(stack).includes(name)) throw new CliError(`The stack ${stack.name} has a cluster ${name} already.`);
  return { ...stack.choices, clusters: [...namesOf(stack), name].join(',') };
}

export function withoutCluster(stack: CloudStack, name: string): Choices {
  const gone = stack.clusters.find((cluster) => cluster.name === name);
  if (gone === undefined) throw new CliError(`The stack ${stack.name} has no cluster ${name}.`, `It has: ${namesOf(stack).join(', ')}.`);
  if (stack.clusters.length === 1)
    throw new CliError(`${name} is the last cluster of the stack ${stack.name}.`, `hibernetes destroy --stack ${stack.name} ends both.`);
  if (gone.nodeRole !== undefined)
    throw new CliError(`Machines of the stack are nodes of ${name}.`, `hibernetes deploy --stack ${stack.name} --nodes 0 ends them.`);
  const { deletedClusters } = stack.choices;
  return {
    ...stack.choices,
    clusters: namesOf(stack)
      .filter((other) => other !== name)
      .join(','),
    deletedClusters: deletedClusters === undefined ? name : `${deletedClusters},${name}`,
  };
}

async function change(account: CloudAccount, before: CloudStack, choices: Choices, dataDir: string): Promise<void> {
  const progress = terminalProgress(process.stdout);
  await deployChoices({ account, stack: before.name, before, choices, dataDir, progress });
}

export async function createCluster(name: string, { stack, region, yes = false, dataDir }: ClusterOptions): Promise<void> {
  await withAccount(region, async (account) => {
    const before = await requireStack(account, stack);
    const choices = withCluster(before, name);
    checkChoices(choices, stack);
    await agree({ question: `Make cluster ${name} in the stack ${stack}, in ${account.region} of ${account.id}?`, answer: 'yes', yes });
    await change(account, before, choices, dataDir);
    process.stdout.write(`\nexport KUBECONFIG=${kubeconfigFile(dataDir, stack, name)}\n`);
  });
}

export async function deleteCluster(name: string, { stack, region, yes = false, dataDir }: ClusterOptions): Promise<void> {
  await withAccount(region, async (account) => {
    const before = await requireStack(account, stack);
    const choices = withoutCluster(before, name);
    process.stdout.write(`Cluster ${name} of the stack ${stack} ends. What it kept stays in the table, and its name is not given again.\n`);
    await agree({ question: 'The name of the cluster, to go on:', answer: name, yes });
    await change(account, before, choices, dataDir);
  });
}

export async function listClusters({ stack, region }: StackChoice): Promise<void> {
  await withAccount(region, async (account) => {
    const { clusters } = await requireStack(account, stack);
    const width = Math.max('NAME'.length, ...clusters.map(({ name }) => name.length)) + 3;
    const rows = [['NAME', 'API'] as const, ...clusters.map(({ name, endpoint }) => [name, endpoint] as const)];
    process.stdout.write(rows.map(([name, endpoint]) => `${name.padEnd(width)}${endpoint}\n`).join(''));
  });
}
