/** A stack as CloudFormation tells of it, and what it says of itself in its outputs. */
import { stackOutputs, clusterOutputs } from '../aws/outputs.ts';
import { deploymentOf, type Choices } from '../aws/deployment.ts';
import { CliError } from './cli-error.ts';
import type { CloudAccount } from './cloud-account.ts';
import { CloudError, membersAt, textAt, type Element } from './cloud-request.ts';

export interface CloudCluster {
  readonly name: string;
  /** `https://host`. */
  readonly endpoint: string;
  readonly iamClusterId: string;
  /** Of the machines that join it, if the stack makes some. */
  readonly nodeRole: string | undefined;
}

export interface CloudStack {
  readonly name: string;
  readonly status: string;
  readonly isProtected: boolean;
  readonly table: string | undefined;
  readonly choices: Choices;
  /** Those that have come to stand. */
  readonly clusters: readonly CloudCluster[];
}

export interface StackChoice {
  readonly stack: string;
  readonly region?: string;
}

export function stackOf(element: Element): CloudStack {
  const outputs = new Map(
    membersAt(element, 'Outputs').map((output) => [textAt(output, 'OutputKey') ?? '', textAt(output, 'OutputValue') ?? '']),
  );
  const choices = JSON.parse(outputs.get(stackOutputs.choices) ?? '{}') as Choices;
  const { clusters, nodes } = deploymentOf((name) => (choices as Readonly<Record<string, string>>)[name]);
  return {
    name: textAt(element, 'StackName') ?? '',
    status: textAt(element, 'StackStatus') ?? '',
    isProtected: textAt(element, 'EnableTerminationProtection') === 'true',
    table: outputs.get(stackOutputs.table),
    choices,
    clusters: clusters.flatMap((name) => {
      const names = clusterOutputs(name);
      const [endpoint, iamClusterId] = [outputs.get(names.endpoint), outputs.get(names.iamClusterId)];
      if (endpoint === undefined || iamClusterId === undefined) return [];
      return [{ name, endpoint, iamClusterId, nodeRole: nodes?.cluster === name ? outputs.get(stackOutputs.nodeRole) : undefined }];
    }),
  };
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

export function clusterIn({ name: stack, clusters }: CloudStack, wanted: string | undefined): CloudCluster {
  const found = wanted === undefined ? clusters[0] : clusters.find(({ name }) => name === wanted);
  if (found !== undefined) return found;
  const known = clusters.map(({ name }) => name).join(', ');
  if (known === '') throw new CliError(`The stack ${stack} has no clusters that stand.`, 'hibernetes deploy makes them.');
  throw new CliError(`The stack ${stack} has no cluster ${wanted}.`, `It has: ${known}.`);
}
