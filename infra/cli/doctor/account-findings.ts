/** Whether an AWS account is ready for a stack, or a stack in it well. */
import type { Finding } from './finding.ts';
import { ok, problem } from './finding.ts';
import { cloudAccount, type CloudAccount } from '../cloud-account.ts';
import { textAt } from '../cloud-request.ts';
import { findStack, type StackChoice } from '../cloud-stack.ts';
import { CliError } from '../cli-error.ts';

/** Source: the name under which `cdk bootstrap` makes its stack. */
const bootstrapStack = 'CDKToolkit';
const healthy = /^(CREATE|UPDATE|IMPORT)_COMPLETE$|^UPDATE_ROLLBACK_COMPLETE$/;

const refused = (about: string, error: unknown): Finding => {
  if (!(error instanceof CliError)) throw error;
  return problem(about, error.message, error.cure ?? 'infra/aws/README.md lists the rights that are needed.');
};

async function bootstrapFinding(account: CloudAccount): Promise<Finding> {
  const cure = `npx cdk bootstrap aws://${account.id}/${account.region} prepares the account, once for each Region.`;
  try {
    return (await findStack(account, bootstrapStack)) === undefined
      ? problem('bootstrap', `The CDK has prepared nothing in ${account.region}.`, cure)
      : ok('bootstrap', `The CDK has prepared ${account.region}.`);
  } catch (error) {
    return refused('bootstrap', error);
  }
}

async function stackFinding(account: CloudAccount, name: string): Promise<Finding> {
  try {
    const response = await account.query('cloudformation', 'DescribeStacks', { StackName: name });
    const status = textAt(response, 'Stacks', 'member', 'StackStatus') ?? 'unknown';
    return healthy.test(status)
      ? ok('stack', `${name} is ${status}.`)
      : problem(
          'stack',
          `${name} is ${status}.`,
          'hibernetes deploy repairs most of it; the events in CloudFormation’s console show the rest.',
        );
  } catch (error) {
    if (error instanceof Error && /does not exist/.test(error.message))
      return ok('stack', `There is no stack ${name} yet; hibernetes deploy makes it.`);
    return refused('stack', error instanceof Error ? new CliError(error.message) : error);
  }
}

export async function accountFindings({ stack, region }: StackChoice): Promise<readonly Finding[]> {
  try {
    const account = await cloudAccount(region);
    return [
      ok('identity', `AWS knows this user as ${account.arn}, in ${account.region}.`),
      await bootstrapFinding(account),
      await stackFinding(account, stack),
    ];
  } catch (error) {
    return [refused('identity', error)];
  }
}
