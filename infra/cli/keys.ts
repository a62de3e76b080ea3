/** `hibernetes keys rotate`: Secrets are sealed with a new key from now on; those that are there follow within minutes. */
import { resolve } from 'node:path';
import { rotateKeys } from '../local/cluster-keys.ts';
import { clusterRecord } from '../local/cluster-record.ts';
import { dataDirectory } from '../local/data-directory.ts';
import { CliError } from './cli-error.ts';

export function rotate({ dataDir }: { readonly dataDir: string }): void {
  const directory = dataDirectory(resolve(dataDir));
  const record = clusterRecord(directory);
  if (record === undefined) throw new CliError(`There is no cluster in ${dataDir}.`, 'hibernetes up makes one.');
  if (record.cloud !== undefined)
    throw new CliError('The keys of a cluster of functions are not rotated yet.', 'Secrets of such a cluster are not sealed one by one.');
  const [current = '', ...former] = rotateKeys(directory.pki);
  process.stdout.write(`Secrets are sealed with the key ${current} from now on.\n`);
  process.stdout.write(`Those that are there follow while the cluster runs; ${former.length} earlier keys still open what is older.\n`);
}
