/** `hibernetes destroy`: the functions go. The table and the key of its secrets stay, since neither could be made again. */
import { agree } from './agree.ts';
import { CliError } from './cli-error.ts';
import { withAccount, type CloudAccount } from './cloud-account.ts';
import { destroyCommand, destroySteps, runCdk } from './cloud-cdk.ts';
import { cloudFile } from './cloud-kubeconfig.ts';
import { protect } from './cloud-recovery.ts';
import { requireStack, type CloudStack, type StackChoice } from './cloud-stack.ts';
import { announce, print, progressOf, type OutputChoice } from './output.ts';
import type { Progress } from './progress.ts';

export interface DestroyOptions extends StackChoice, OutputChoice {
  readonly yes?: boolean;
  /** Lifts the protection, too. */
  readonly unprotect?: boolean;
  readonly dataDir: string;
}

export function refuseProtected({ name, isProtected }: CloudStack, region: string): void {
  if (isProtected)
    throw new CliError(
      `The stack ${name} is protected from being deleted.`,
      `hibernetes destroy --unprotect --stack ${name} --region ${region} lifts the protection, after a question.`,
    );
}

export function whatStays(table: string | undefined, region: string): string {
  if (table === undefined) return '';
  const deletion = ['update-table --no-deletion-protection-enabled', 'delete-table'].map(
    (command) => `  aws dynamodb ${command} --region ${region} --table-name ${table}`,
  );
  return `
The table ${table} stays, and so does the envelope key in Secrets Manager. They cost what they store.
To lose all that the clusters kept, in the console of DynamoDB or with:

${deletion.join('\n')}
`;
}

/** Without a question: the user has agreed. Lifts the protection. */
export async function destroyStack(
  account: CloudAccount,
  { name, isProtected, choices }: CloudStack,
  { dataDir, progress }: { readonly dataDir: string; readonly progress: Progress },
): Promise<void> {
  if (isProtected) await protect(account, name, false);
  const target = { stack: name, region: account.region, account: account.id, choices };
  const logFile = cloudFile(dataDir, name, 'destroy.log');
  await runCdk({ command: destroyCommand(target), target, steps: destroySteps, logFile, progress });
}

export async function destroy({ stack: name, region, yes = false, unprotect = false, dataDir, ...choice }: DestroyOptions): Promise<void> {
  await withAccount(region, async (account) => {
    const stack = await requireStack(account, name);
    if (!unprotect) refuseProtected(stack, account.region);
    announce(choice, `All clusters of ${name} in ${account.region} of account ${account.id} end. Their table stays.\n`);
    await agree({ question: 'The name of the stack, to go on:', answer: name, yes });
    await destroyStack(account, stack, { dataDir, progress: progressOf(choice) });
    const left = { stack: name, region: account.region, tableLeft: stack.table };
    print(choice, left, () => whatStays(stack.table, account.region));
  });
}
