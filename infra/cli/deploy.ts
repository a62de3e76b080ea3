/** `hibernetes deploy`: a stack in an AWS account, made or changed, and the way into its clusters. */
import { defaultNetworks, networkNames } from '../../functions/kube/cluster-networks.ts';
import { canonicalArn } from '../../functions/cloud/iam-mapping.ts';
import { choiceNames, deploymentOf, DeploymentError, type ApiHost, type Choices } from '../aws/deployment.ts';
import { CliError } from './cli-error.ts';
import { withAccount, type CloudAccount } from './cloud-account.ts';
import { deployCommand, deploySteps, runCdk, type CdkTarget } from './cloud-cdk.ts';
import { cloudHome } from './cloud-home.ts';
import { withImage } from './cloud-image.ts';
import { cloudFile } from './cloud-kubeconfig.ts';
import { protect, recover, recoveryOf, recoveryText } from './cloud-recovery.ts';
import { clusterOf, defaultNameOf, findStack, requireStack, type CloudCluster, type CloudStack, type StackChoice } from './cloud-stack.ts';
import { agree } from './agree.ts';
import type { ClusterHome } from './cluster-home.ts';
import { listedClusters, makeCluster, openDoor } from './cluster.ts';
import { announce, print, progressOf, type OutputChoice } from './output.ts';
import type { Progress } from './progress.ts';

export interface DeployOptions extends StackChoice, OutputChoice {
  readonly cluster?: readonly string[];
  readonly host?: ApiHost;
  readonly nodes?: number;
  readonly admin?: readonly string[];
  /** Other choices, as `name=value`. */
  readonly context?: readonly string[];
  readonly yes?: boolean;
  readonly dataDir: string;
}

/** A role without its path: the ARN of a session does not contain the path. */
const withoutPath = (arn: string): string => arn.replace(/:role\/.*\//, ':role/');

/** The caller of the deployment becomes an administrator; those of the deployment before stay. */
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

/** What was chosen before stays chosen unless an option replaces it. */
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

const clustersIn = (choices: Choices, stack: string): readonly string[] =>
  deploymentOf((name) => (name === 'stack' ? stack : (choices as Readonly<Record<string, string>>)[name])).clusters;

/** The CDK app would refuse it too, with less of a sentence. */
export async function checkChoices(choices: Choices, stack: string): Promise<void> {
  try {
    clustersIn(choices, stack);
    const { accessVariables } = await import('../aws/access-configurations.ts');
    await accessVariables((name) => (choices as Readonly<Record<string, string>>)[name]);
  } catch (error) {
    throw error instanceof DeploymentError ? new CliError(`That cannot be deployed: ${error.message}.`) : error;
  }
}

/** What answers at the root stays the same cluster: kubeconfigs and nodes know it there. */
export function refuseOtherDefault(before: CloudStack | undefined, choices: Choices): void {
  if (before?.endpoint === undefined) return;
  const [was, wanted] = [defaultNameOf(before), defaultNameOf({ choices })];
  if (was !== wanted)
    throw new CliError(
      `The default cluster of the stack is ${was}, and not ${wanted}.`,
      `--cluster ${was} first, and then others; those that are left out stay.`,
    );
}

/** Nodes, Services and certificates hold addresses of the networks. */
export function refuseOtherNetworks(before: CloudStack | undefined, choices: Choices): void {
  if (before?.endpoint === undefined) return;
  for (const name of networkNames) {
    const [was, wanted] = [before.choices[name] ?? defaultNetworks[name], choices[name] ?? defaultNetworks[name]];
    if (was !== wanted)
      throw new CliError(
        `The clusters of the stack have ${name}=${was}, not ${wanted}.`,
        'Networks stay; another --stack may have others.',
      );
  }
}

/** CloudFormation takes one change of a stack at a time. */
export function refuseBusy(stack: CloudStack | undefined): void {
  if (stack === undefined || stack.status === 'REVIEW_IN_PROGRESS' || !stack.status.endsWith('_IN_PROGRESS')) return;
  throw new CliError(`The stack ${stack.name} is being changed (${stack.status}).`, 'Try again when that is over.');
}

interface Deploying {
  readonly account: CloudAccount;
  readonly stack: string;
  readonly before: CloudStack | undefined;
  readonly choices: Choices;
  readonly dataDir: string;
  readonly progress: Progress;
}

export interface Deployed {
  readonly home: ClusterHome;
  readonly clusters: readonly CloudCluster[];
}

/** Deploys, makes the clusters that were named, and the way into all. */
async function deployChoices({ account, stack, before, choices, dataDir, progress }: Deploying): Promise<Deployed> {
  await recover(account, before, progress);
  const isProtected = recoveryOf(before) !== 'delete' && before?.isProtected === true;
  const target: CdkTarget = { stack, region: account.region, account: account.id, choices, isProtected };
  const logFile = cloudFile(dataDir, stack, 'deploy.log');
  await runCdk({ command: deployCommand(target), target, steps: deploySteps, logFile, progress });
  if (!isProtected) await progress.step('Protecting the stack from being deleted', () => protect(account, stack, true));
  const made = await requireStack(account, stack);
  const home = cloudHome(account, made, dataDir);
  const names = await openDoors(home, clustersIn(choices, stack), progress);
  return { home, clusters: names.map((name) => clusterOf(made, name)) };
}

/** Clusters that were named and are not there are made; the way into the others is made anew. All their names. */
async function openDoors(home: ClusterHome, wanted: readonly string[], progress: Progress): Promise<readonly string[]> {
  const known = await listedClusters(home);
  for (const cluster of known) await openDoor(cluster, home, progress);
  const missing = wanted.filter((name) => !known.some((cluster) => cluster.name === name));
  for (const name of missing) await makeCluster(name, home, progress);
  return [...known.map(({ name }) => name), ...missing];
}

/** Checks what was chosen, without changing anything. */
async function planned(account: CloudAccount, options: DeployOptions): Promise<Omit<Deploying, 'progress'>> {
  const { stack, dataDir } = options;
  const before = await findStack(account, stack);
  const earlier = before?.choices ?? {};
  const chosen = choicesOf(earlier, options, account.arn);
  await checkChoices(chosen, stack);
  const choices = await withImage(account, earlier, chosen);
  const standing = recoveryOf(before) === 'delete' ? undefined : before;
  refuseBusy(before);
  refuseOtherDefault(standing, choices);
  refuseOtherNetworks(standing, choices);
  return { account, stack, before, choices, dataDir };
}

/** Without a question: the user has agreed. */
export const deployStack = async (account: CloudAccount, options: DeployOptions, progress: Progress): Promise<Deployed> =>
  deployChoices({ ...(await planned(account, options)), progress });

export async function deploy(options: DeployOptions): Promise<void> {
  await withAccount(options.region, async (account) => {
    const plan = await planned(account, options);
    const { stack, choices } = plan;
    announce(options, planText(plan));
    await agree({ question: 'Go on?', answer: 'yes', yes: options.yes === true });
    const { home, clusters } = await deployChoices({ ...plan, progress: progressOf(options) });
    const ways = clusters.map(({ name, endpoint }) => ({ name, server: endpoint, kubeconfig: home.kubeconfigFile(name) }));
    print(options, { stack, region: account.region, choices, clusters: ways }, () =>
      clusters.map((cluster) => whatToTry(cluster, home.kubeconfigFile(cluster.name), choices)).join(''),
    );
  });
}

function planText({ account, stack, before, choices }: Pick<Deploying, 'account' | 'stack' | 'before' | 'choices'>): string {
  const chosen = Object.entries(choices).map(([name, value]) => `  ${name.padEnd(15)} ${value}`);
  return `${recoveryText(before)}${[
    `The stack ${stack} in ${account.region} of account ${account.id} is ${before === undefined || recoveryOf(before) === 'delete' ? 'made' : 'changed'}, as ${account.arn}:`,
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
