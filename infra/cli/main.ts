/** The command line: `hibernetes up | down | status | kubeconfig | node`. Each command is a file; this one knows their flags. */
import { homedir } from 'node:os';
import { join } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { CliError } from './cli-error.ts';
import { down } from './down.ts';
import { printKubeconfig } from './kubeconfig.ts';
import { startOneNode, stopOneNode } from './node.ts';
import { status } from './status.ts';
import { up } from './up.ts';

const defaultDirectory = join(homedir(), '.hibernetes');
const nodesMax = 1000;

function nodeCount(text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 0 || count > nodesMax)
    throw new InvalidArgumentError(`a whole number from 0 to ${nodesMax} is wanted`);
  return count;
}

function listenAddress(text: string): { host: string; port: number } {
  const match = /^(?:(.*):)?(\d{1,5})$/.exec(text);
  const port = Number(match?.[2]);
  if (match === null || port > 65_535) throw new InvalidArgumentError('HOST:PORT is wanted, such as 127.0.0.1:6443');
  return { host: match[1]?.replace(/^\[|\]$/g, '') || '127.0.0.1', port };
}

const dataDirOption = (): Option => new Option('--data-dir <dir>', 'where the cluster keeps everything').default(defaultDirectory);

const program = new Command('hibernetes')
  .description('Kubernetes without servers to run: a control plane that is only functions and a table')
  .showHelpAfterError('(--help tells more)');

program
  .command('up')
  .description('start a cluster on this machine, or resume the one in the data directory')
  .addOption(dataDirOption())
  .option('--listen <host:port>', 'where the API answers; port 0 takes a free one (default: as before, or 127.0.0.1:6443)', listenAddress)
  .option('--nodes <count>', 'how many nodes (default: as before, or 1)', nodeCount)
  .addOption(new Option('--runtime <runtime>', 'what runs the pods').choices(['auto', 'containerd', 'simulated']).default('auto'))
  .option('--kubeconfig <file>', 'write the kubeconfig here as well')
  .option('--images <tar...>', 'image archives to import into every node')
  .option('--detach', 'return when the API answers and all nodes are Ready')
  .action(up);

program
  .command('down')
  .description('stop the cluster; its data stays for the next up')
  .addOption(dataDirOption())
  .option('--delete-data', 'forget the cluster altogether')
  .action(down);

program.command('status').description('what runs, and where').addOption(dataDirOption()).action(status);

program.command('kubeconfig').description('print the administrator’s kubeconfig').addOption(dataDirOption()).action(printKubeconfig);

const node = program.command('node').description('one node of the cluster');
node
  .command('stop <name>')
  .description('stop its agent and containerd, as a power cut would')
  .addOption(dataDirOption())
  .action(stopOneNode);
node.command('start <name>').description('start them again').addOption(dataDirOption()).action(startOneNode);

try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof CliError)) throw error;
  process.stderr.write(`error: ${error.message}\n${error.cure === undefined ? '' : `  ${error.cure}\n`}`);
  process.exitCode = 1;
}
