/** Flags that several commands have. */
import { homedir } from 'node:os';
import { join } from 'node:path';
import { type Command, Option } from 'commander';

export const dataDirOption = (): Option =>
  new Option('--data-dir <dir>', 'where the cluster keeps everything').default(join(homedir(), '.hibernetes'));

export const kubeconfigOption = (): Option =>
  new Option('--kubeconfig <file>', 'the administrator’s kubeconfig, where the cluster is elsewhere');

export const yesOption = (): Option => new Option('--yes', 'do not ask');

const outputOption = (): Option => new Option('-o, --output <format>', 'how to print').choices(['text', 'json']).default('text');

const printsByItself: ReadonlySet<string> = new Set(['openapi', 'at']);

/** Programs read what any command has done. `openapi` prints JSON in any case, and `at` what another program prints. */
export function letPrintJson(command: Command): void {
  const children = command.commands.filter((child) => !printsByItself.has(child.name()));
  if (command.commands.length === 0 && !command.options.some(({ long }) => long === '--output')) command.addOption(outputOption());
  children.forEach(letPrintJson);
}
