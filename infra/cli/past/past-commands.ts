/** Commands that see and bring back the past of a cluster. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { CliError } from '../cli-error.ts';
import { lazily } from '../lazily.ts';
import { dataDirOption, kubeconfigOption, yesOption } from '../options.ts';
import type { ClusterChoice } from '../api-client.ts';
import type { DiffOptions } from './diff.ts';

const momentWords = 'a time such as 2026-11-29T10:00:00Z, or a distance such as -2h';

/** A distance begins like an option: whatever else does is a mistake. */
function checkMoments(moments: readonly string[]): void {
  const wrong = moments.find((text) => text.startsWith('-') && !/^-\d/.test(text));
  if (wrong !== undefined) throw new CliError(`unknown option '${wrong}'`);
}

const minutesMax = 24 * 60;

function minutes(text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1 || count > minutesMax)
    throw new InvalidArgumentError(`a whole number from 1 to ${minutesMax} is wanted`);
  return count;
}

export function addPastCommands(program: Command): void {
  program
    .command('at')
    .description('run a command that sees the cluster as it was: hibernetes at -2h -- kubectl get pods -A')
    .argument('<moment>', `${momentWords}; @10x behind it replays watches ten times as fast`)
    .argument('<command...>', 'what to run; its KUBECONFIG is set')
    .allowUnknownOption()
    .addOption(dataDirOption())
    .addOption(kubeconfigOption())
    .action(async (moment: string, command: readonly string[], options: ClusterChoice) => {
      checkMoments([moment]);
      return (await import('./at.ts')).runAt(moment, command, options);
    });

  program
    .command('diff')
    .description('what differs between two moments')
    .argument('<from>', momentWords)
    .argument('[to]', 'the same, or now', 'now')
    .allowUnknownOption()
    .option('-n, --namespace <name>', 'only what is in this namespace')
    .option('--all', 'events and leases, too')
    .addOption(dataDirOption())
    .addOption(kubeconfigOption())
    .action(async (from: string, to: string, options: DiffOptions) => {
      checkMoments([from, to]);
      return (await import('./diff.ts')).diff(from, to, options);
    });

  program
    .command('history <object...>')
    .description('when an object changed, which manager wrote it, and which fields: hibernetes history deployment/web')
    .addOption(new Option('-n, --namespace <name>', 'where it is').default('default'))
    .addOption(new Option('--since <moment>', momentWords).default('-1d'))
    .addOption(dataDirOption())
    .addOption(kubeconfigOption())
    .action(lazily(async () => (await import('./history.ts')).history));

  program
    .command('fork <directory>')
    .description('make another cluster of this one, in a data directory of its own: the same objects without the nodes')
    .addOption(new Option('--at <moment>', momentWords).default('now'))
    .addOption(dataDirOption())
    .action(lazily(async () => (await import('./restored-cluster.ts')).fork));

  program
    .command('undo [object...]')
    .description('make an object, or all of a namespace, what it was; shows first what that means')
    .requiredOption('--to <moment>', momentWords)
    .option('-n, --namespace <name>', 'where the object is, or what is to be undone as a whole')
    .addOption(dataDirOption())
    .addOption(kubeconfigOption())
    .addOption(yesOption())
    .action(lazily(async () => (await import('./undo.ts')).undo));
  program
    .command('rehearse')
    .description('what would happen if files were applied: found out on a copy in memory, whose time passes at once')
    .requiredOption('-f, --filename <file...>', 'the files, or - for standard input')
    .addOption(new Option('-n, --namespace <name>', 'where objects go that name no namespace').default('default'))
    .addOption(new Option('--at <moment>', `${momentWords}: a copy of that time`).default('now'))
    .addOption(new Option('--minutes <count>', 'how long the copy may take to come to rest').argParser(minutes).default(15))
    .addOption(dataDirOption())
    .addOption(kubeconfigOption())
    .action(lazily(async () => (await import('./rehearse.ts')).rehearse));
  addArchiveCommands(program);
}

/** Adds the commands that change the archive itself. */
function addArchiveCommands(program: Command): void {
  program
    .command('shred <object...>')
    .description('make what a deleted Secret was unreadable in the past, for ever: hibernetes shred secret/NAME')
    .addOption(new Option('-n, --namespace <name>', 'where it was').default('default'))
    .addOption(dataDirOption())
    .addOption(yesOption())
    .action(lazily(async () => (await import('./shred.ts')).shredSecret));

  const hold = program.command('hold').description('holds keep the past as it is: nothing is forgotten, made coarser or shredded');
  hold
    .command('create <name>')
    .description('begin one')
    .addOption(dataDirOption())
    .action(lazily(async () => (await import('./shred.ts')).createHold));
  hold
    .command('list')
    .description('those there are')
    .addOption(dataDirOption())
    .action(lazily(async () => (await import('./shred.ts')).listHolds));
  hold
    .command('delete <name>')
    .description('end one')
    .addOption(dataDirOption())
    .action(lazily(async () => (await import('./shred.ts')).deleteHold));
}
