/** `hibernetes kubeconfig`: the administrator's, on standard output. */
import { dataDirectory, readIfThere } from '../local/data-directory.ts';
import { CliError } from './cli-error.ts';

export function printKubeconfig({ dataDir }: { dataDir: string }): void {
  const text = readIfThere(dataDirectory(dataDir).kubeconfig);
  if (text === undefined) throw new CliError(`There is no cluster in ${dataDir}.`, 'hibernetes up makes one.');
  process.stdout.write(text);
}
