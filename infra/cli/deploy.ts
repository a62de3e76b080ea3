/** `hibernetes deploy`: a stack in an AWS account, made or changed, and the way into its clusters. */
import { canonicalArn } from '../../functions/cloud/iam-mapping.ts';
import { environment } from '../../functions/world.ts';
import { choiceNames, deploymentOf, DeploymentError, type ApiHost, type Choices } from '../aws/deployment.ts';
import { writePrivately } from '../local/data-directory.ts';
import { CliError } from './cli-error.ts';
import { withAccount, type CloudAccount } from './cloud-account.ts';
import { deployCommand, deploySteps, runCdk, unprotectCommand, type CdkTarget } from './cloud-cdk.ts';
import { cloudFile, cloudKubeconfig } from './cloud-kubeconfig.ts';
import { mapNodeRole, untilReady, withCloudApi } from './cloud-nodes.ts';
import { findStack, requireStack, type CloudCluster, type CloudStack, type StackChoice } from './cloud-stack.ts';
import { agree } from './agree.ts';
import { terminalProgress, type Progress } from './progress.ts';

export interface DeployOptions extends StackChoice {
  readonly cluster?: readonly string[];
  readonly host?: ApiHost;
  readonly nodes?: number;
  readonly admin?: readonly string[];
  /** Other choices, as `name=value`. */
  readonly context?: readonly string[];
  readonly yes?: boolean;
  readonly dataDir: string;
}

/** A role is known by its name alone: sessions do not tell its path. */
const withoutPath = (arn: string): string => arn.replace(/:role\/.*\//, ':role/');

/** Whoever deploys is an administrator; those who were, stay. */
function administratorsOf(before: Choices, admins: readonly string[], caller: string): string {
  const all = [...(before.administrators ?? '').split(','), ...admins.map(withoutPath), canonicalArn(caller)];
  return [...new Set(all.filter((arn) => arn !== ''))].join(',');
}

function choiceOf(text: string): readonly [string, string] {
  const [name = '', ...value] = text.split('=');
  const known = choiceNames.find((one) => one === name);
  if (known === undefined || value.length === 0)
    throw new CliError(`--context ${text} is no choice.`, `NAME=VALUE is wanted, where NAME is one of ${choiceNames.join(', ')}.`);
  return [known, value.join('=')];
}

/** What was chosen before stays chosen unless something else is said. */
export function choicesOf(before: Choices, { cluster, host, nodes, admin = [], context = [] }: DeployOptions, caller: string): Choices {
  if (caller.endsWith(':root'))
    throw new CliError(
      'These are the credentials of the account’s root user, which no cluster should know.',
      'Sign in as a role or a user.',
    );
  const others: Choices = { ...before, ...Object.fromEntries(context.map(choiceOf)) };
  return {
    ...others,
    ...(cluster === undefined ? {} : { clusters: cluster.join(',') }),
    ...(host === undefined ? {} : { host }),
    ...(nodes === undefined ? {} : { nodes: String(nodes) }),
    administrators: administratorsOf(others, admin, caller),
  };
}

/** The CDK app would refuse it too, with less of a sentence. */
export function checkChoices(choices: Choices, stack: string): void {
  try {
    deploymentOf((name) => (name === 'stack' ? stack : (choices as Readonly<Record<string, string>>)[name]));
  } catch (error) {
    throw error instanceof DeploymentError ? new CliError(`That cannot be deployed: ${error.message}.`) : error;
  }
}

/** A cluster that is left out would be deleted: that takes a command of its own. */
export function refuseLoss(before: CloudStack | undefined, choices: Choices): void {
  const wanted = (choices.clusters ?? 'default').split(',').map((name) => name.trim());
  const lost = before?.clusters.find(({ name }) => !wanted.includes(name));
  if (lost !== undefined)
    throw new CliError(`The stack has a cluster ${lost.name}, which is not named.`, `hibernetes delete cluster ${lost.name} deletes it.`);
}

/** States in which CloudFormation changes nothing. */
export function refuseState(stack: CloudStack | undefined, region: string): void {
  if (stack === undefined || stack.status === 'REVIEW_IN_PROGRESS') return;
  const { name, status } = stack;
  if (status.endsWith('_IN_PROGRESS'))
    throw new CliError(`The stack ${name} is being changed (${status}).`, 'Try again when that is over.');
  if (status === 'UPDATE_ROLLBACK_FAILED')
    throw new CliError(
      `The stack ${name} is between two states (${status}).`,
      `aws cloudformation continue-update-rollback --stack-name ${name} --region ${region} brings it back.`,
    );
  if (/^(CREATE_FAILED|ROLLBACK_COMPLETE|ROLLBACK_FAILED|DELETE_FAILED)$/.test(status))
    throw new CliError(
      `The stack ${name} never came to stand (${status}) and can only be deleted.`,
      `${unprotectCommand({ stack: name, region })} lifts its protection; then hibernetes destroy --stack ${name}, and deploy again.`,
    );
}

export interface Deploying {
  readonly account: CloudAccount;
  readonly stack: string;
  readonly before: CloudStack | undefined;
  readonly choices: Choices;
  readonly dataDir: string;
  readonly progress: Progress;
}

/** Deploys and makes the way in; the clusters that stand. */
export async function deployChoices({ account, stack, before, choices, dataDir, progress }: Deploying): Promise<readonly CloudCluster[]> {
  checkChoices(choices, stack);
  refuseState(before, account.region);
  const target: CdkTarget = { stack, region: account.region, account: account.id, choices };
  const logFile = cloudFile(dataDir, stack, 'deploy.log');
  await runCdk({ command: deployCommand(target), target, steps: deploySteps, logFile, progress });
  const { clusters } = await requireStack(account, stack);
  const profile = environment('AWS_PROFILE');
  for (const cluster of clusters) {
    const text = cloudKubeconfig({ stack, region: account.region, cluster, profile });
    writePrivately(kubeconfigFile(dataDir, stack, cluster.name), text);
    await progress.step(`Signing in to cluster ${cluster.name}`, () => withCloudApi(account, cluster, ({ client }) => untilReady(client)));
    const { nodeRole } = cluster;
    if (nodeRole !== undefined)
      await progress.step('Letting the machines join', () => withCloudApi(account, cluster, ({ client }) => mapNodeRole(client, nodeRole)));
  }
  return clusters;
}

export const kubeconfigFile = (dataDir: string, stack: string, cluster: string): string =>
  cloudFile(dataDir, stack, `${cluster}.kubeconfig`);

export async function deploy(options: DeployOptions): Promise<void> {
  const { stack, dataDir } = options;
  await withAccount(options.region, async (account) => {
    const before = await findStack(account, stack);
    const choices = choicesOf(before?.choices ?? {}, options, account.arn);
    checkChoices(choices, stack);
    refuseLoss(before, choices);
    process.stdout.write(planText({ account, stack, before, choices }));
    await agree({ question: 'Go on?', answer: 'yes', yes: options.yes === true });
    const progress = terminalProgress(process.stdout);
    const clusters = await deployChoices({ account, stack, before, choices, dataDir, progress });
    process.stdout.write(clusters.map((cluster) => whatToTry(cluster, kubeconfigFile(dataDir, stack, cluster.name), choices)).join(''));
  });
}

function planText({ account, stack, before, choices }: Pick<Deploying, 'account' | 'stack' | 'before' | 'choices'>): string {
  const chosen = Object.entries(choices).map(([name, value]) => `  ${name.padEnd(15)} ${value}`);
  return `${[
    `The stack ${stack} in ${account.region} of account ${account.id} is ${before === undefined ? 'made' : 'changed'}, as ${account.arn}:`,
    ...chosen,
  ].join('\n')}\n`;
}

function whatToTry({ name, endpoint, nodeRole }: CloudCluster, file: string, { nodes = '0' }: Choices): string {
  const machines =
    nodeRole === undefined ? 'It has no machines: hibernetes deploy --nodes 2 makes some.' : `${nodes} machines join within minutes.`;
  return `
Cluster ${name} answers at ${endpoint}. ${machines}

  export KUBECONFIG=${file}
  kubectl get nodes
`;
}
