/** A stack as CloudFormation describes it, with its outputs. */
import { clusterPath } from '../../functions/cloud/cluster-address.ts';
import { iamClusterId } from '../../functions/cloud/settings.ts';
import { stackOutputs } from '../aws/outputs.ts';
import { deploymentOf, type Choices, type Deployment } from '../aws/deployment.ts';
import { CliError } from './cli-error.ts';
import type { CloudAccount } from './cloud-account.ts';
import { CloudError, membersAt, textAt, type Element } from './cloud-request.ts';

export interface CloudCluster {
  readonly name: string;
  /** `https://host`, and a path but for the default cluster. */
  readonly endpoint: string;
  readonly iamClusterId: string;
  /** The role of machines that join the cluster, if the stack makes some. */
  readonly nodeRole: string | undefined;
}

export interface CloudStack {
  readonly name: string;
  readonly status: string;
  readonly isProtected: boolean;
  readonly table: string | undefined;
  /** ARN of the secret that holds the envelope key. */
  readonly envelopeSecret: string | undefined;
  readonly choices: Choices;
  /** `https://host`, once the functions stand. */
  readonly endpoint: string | undefined;
  readonly iamScope: string | undefined;
  readonly nodeRole: string | undefined;
}

export interface StackChoice {
  readonly stack: string;
  readonly region?: string;
}

export function stackOf(element: Element): CloudStack {
  const outputs = new Map(
    membersAt(element, 'Outputs').map((output) => [textAt(output, 'OutputKey') ?? '', textAt(output, 'OutputValue') ?? '']),
  );
  return {
    name: textAt(element, 'StackName') ?? '',
    status: textAt(element, 'StackStatus') ?? '',
    isProtected: textAt(element, 'EnableTerminationProtection') === 'true',
    table: outputs.get(stackOutputs.table),
    envelopeSecret: outputs.get(stackOutputs.envelopeSecret),
    choices: JSON.parse(outputs.get(stackOutputs.choices) ?? '{}') as Choices,
    endpoint: outputs.get(stackOutputs.endpoint),
    iamScope: outputs.get(stackOutputs.iamScope),
    nodeRole: outputs.get(stackOutputs.nodeRole),
  };
}

const deploymentIn = ({ choices }: Pick<CloudStack, 'choices'>): Deployment =>
  deploymentOf((name) => (choices as Readonly<Record<string, string>>)[name]);

/** The cluster that answers at the root. */
export const defaultNameOf = (stack: Pick<CloudStack, 'choices'>): string => deploymentIn(stack).clusters[0] ?? '';

/** Where a cluster of the stack is found, if there is one of this name. */
export function clusterOf(stack: CloudStack, name: string): CloudCluster {
  const { endpoint, iamScope, nodeRole } = stack;
  if (endpoint === undefined || iamScope === undefined)
    throw new CliError(`The functions of the stack ${stack.name} do not stand.`, 'hibernetes deploy makes them.');
  const path = name === defaultNameOf(stack) ? '' : clusterPath(name);
  const isJoined = deploymentIn(stack).nodes?.cluster === name;
  return { name, endpoint: `${endpoint}${path}`, iamClusterId: iamClusterId(name, iamScope), nodeRole: isJoined ? nodeRole : undefined };
}

/** Undefined: there is none of that name here. */
export async function findStack(account: CloudAccount, name: string): Promise<CloudStack | undefined> {
  try {
    const [found] = membersAt(await account.query('cloudformation', 'DescribeStacks', { StackName: name }), 'Stacks');
    return found === undefined ? undefined : stackOf(found);
  } catch (error) {
    if (error instanceof CloudError && error.code === 'ValidationError' && error.message.includes('does not exist')) return undefined;
    throw error;
  }
}

export async function requireStack(account: CloudAccount, name: string): Promise<CloudStack> {
  const stack = await findStack(account, name);
  if (stack !== undefined) return stack;
  throw new CliError(
    `There is no stack ${name} in ${account.region} of account ${account.id}.`,
    '--region and --stack choose another; hibernetes deploy makes one.',
  );
}
