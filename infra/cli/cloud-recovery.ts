/**
 * Stacks between two states, brought to one from which a deployment can begin; and the protection from being deleted,
 * which a stack has once it stands: a first deployment that fails must leave nothing that stands in the way of the next.
 */
import { realWorld } from '../../functions/world.ts';
import { CliError } from './cli-error.ts';
import type { CloudAccount } from './cloud-account.ts';
import { cureFor } from './cloud-cures.ts';
import { deleteLeftTable } from './cloud-left-table.ts';
import { resourcesOf } from './cloud-resources.ts';
import { findStack, type CloudStack } from './cloud-stack.ts';
import type { Progress } from './progress.ts';

/** What has to happen before CloudFormation changes anything: what never stood goes, what stood goes back. */
export type Recovery = 'delete' | 'roll back';

const recoveries: Readonly<Record<string, Recovery>> = {
  CREATE_FAILED: 'delete',
  ROLLBACK_COMPLETE: 'delete',
  ROLLBACK_FAILED: 'delete',
  DELETE_FAILED: 'delete',
  UPDATE_ROLLBACK_FAILED: 'roll back',
};

export const recoveryOf = (stack: CloudStack | undefined): Recovery | undefined =>
  stack === undefined ? undefined : recoveries[stack.status];

/** For the question that is asked before anything is done. */
export function recoveryText(stack: CloudStack | undefined): string {
  const recovery = recoveryOf(stack);
  if (stack === undefined || recovery === undefined) return '';
  const { name, status, isProtected } = stack;
  if (recovery === 'roll back') return `The stack ${name} is between two states (${status}) and goes back to the former one first.\n`;
  const lifting = isProtected ? ' Its protection from being deleted is lifted for that.' : '';
  const table = status === 'DELETE_FAILED' ? '' : ', with its table if that is empty';
  return `The stack ${name} does not stand (${status}): what is left of it is deleted first${table}.${lifting}\n`;
}

export async function protect(account: CloudAccount, name: string, isProtected: boolean): Promise<void> {
  const parameters = { StackName: name, EnableTerminationProtection: String(isProtected) };
  await account.query('cloudformation', 'UpdateTerminationProtection', parameters);
}

const askAgainMs = 5000;
/** A machine group or a network takes minutes to go; a stack that takes longer than this goes on without us. */
const endsMsMax = 45 * 60_000;

/** How the stack ended; undefined when it is gone. */
async function ended(account: CloudAccount, name: string): Promise<CloudStack | undefined> {
  const { clock } = realWorld('error');
  const latestMs = clock.now() + endsMsMax;
  for (;;) {
    const stack = await findStack(account, name);
    if (stack?.status.endsWith('_IN_PROGRESS') !== true) return stack;
    if (clock.now() > latestMs)
      throw new CliError(`The stack ${name} is still being changed (${stack.status}).`, 'Try again when that is over.');
    await clock.sleep(askAgainMs);
  }
}

/** The first resource that could not be changed, and why. */
async function reasonOf(account: CloudAccount, stack: CloudStack): Promise<CliError> {
  const failed = (await resourcesOf(account, stack.name)).find(({ status }) => status.endsWith('_FAILED'));
  const why = failed?.reason ?? 'CloudFormation gives no reason';
  const message = `The stack ${stack.name} stays ${stack.status}${failed === undefined ? '' : `, for ${failed.id || failed.name}`}: ${why}`;
  const target = { region: account.region, account: account.id };
  return new CliError(message, cureFor(why, target) ?? 'Mend or delete that in the console of AWS; then the same command again goes on.');
}

/** The user has agreed to the text of `recoveryText` before. */
export async function recover(account: CloudAccount, stack: CloudStack | undefined, progress: Progress): Promise<void> {
  const recovery = recoveryOf(stack);
  if (stack === undefined || recovery === undefined) return;
  const { name } = stack;
  if (recovery === 'roll back') {
    await progress.step('Going back to the former state', async () => {
      await account.query('cloudformation', 'ContinueUpdateRollback', { StackName: name });
      const after = await ended(account, name);
      if (recoveryOf(after) !== undefined && after !== undefined) throw await reasonOf(account, after);
    });
    return;
  }
  const neverStood = stack.status !== 'DELETE_FAILED';
  const resources = neverStood ? await resourcesOf(account, name) : [];
  await progress.step('Deleting what is left of the stack that does not stand', async () => {
    if (stack.isProtected) await protect(account, name, false);
    await account.query('cloudformation', 'DeleteStack', { StackName: name });
    const after = await ended(account, name);
    if (after !== undefined) throw await reasonOf(account, after);
  });
  if (neverStood) await deleteLeftTable(account, resources, progress);
}
