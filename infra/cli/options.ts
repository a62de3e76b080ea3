/** Flags that several commands have. */
import { homedir } from 'node:os';
import { join } from 'node:path';
import { type Command, Option } from 'commander';

export const dataDirOption = (): Option =>
  new Option('--data-dir <dir>', 'where the cluster keeps everything').default(join(homedir(), '.hibernetes'));

const outputOption = (): Option => new Option('-o, --output <format>', 'how to print').choices(['text', 'json']).default('text');

/** Programs read what any command has done. `openapi` prints JSON in any case. */
export function letPrintJson(command: Command): void {
  const children = command.commands.filter((child) => child.name() !== 'openapi');
  if (command.commands.length === 0 && !command.options.some(({ long }) => long === '--output')) command.addOption(outputOption());
  children.forEach(letPrintJson);
}
