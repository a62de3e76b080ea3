/** `hibernetes kubeconfig`: the administrator's, on standard output. */
import { parse } from 'yaml';
import { dataDirectory, readIfThere } from '../local/data-directory.ts';
import { CliError } from './cli-error.ts';
import { print, type OutputChoice } from './output.ts';

/** In YAML, or in JSON: kubectl reads both. */
export function printKubeconfig({ dataDir, ...choice }: OutputChoice & { readonly dataDir: string }): void {
  const text = readIfThere(dataDirectory(dataDir).kubeconfig);
  if (text === undefined) throw new CliError(`There is no cluster in ${dataDir}.`, 'hibernetes up makes one.');
  print(choice, parse(text), () => text);
}
