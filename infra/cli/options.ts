/** Flags that several commands have. */
import { homedir } from 'node:os';
import { join } from 'node:path';
import { Option } from 'commander';

export const dataDirOption = (): Option =>
  new Option('--data-dir <dir>', 'where the cluster keeps everything').default(join(homedir(), '.hibernetes'));

export const outputOption = (): Option => new Option('-o, --output <format>', 'how to print').choices(['text', 'json']).default('text');
