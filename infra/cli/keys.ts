/** `hibernetes keys rotate`: new keys seal Secrets and sign tokens; what was sealed or signed before stays good. */
import { resolve } from 'node:path';
import { rotateKeys } from '../local/cluster-keys.ts';
import { clusterRecord } from '../local/cluster-record.ts';
import { dataDirectory } from '../local/data-directory.ts';
import { rotateSigningKey } from '../local/signing-keys.ts';
import { CliError } from './cli-error.ts';
import { print, type OutputChoice } from './output.ts';

export async function rotate({ dataDir, ...choice }: OutputChoice & { readonly dataDir: string }): Promise<void> {
  const directory = dataDirectory(resolve(dataDir));
  const record = clusterRecord(directory);
  if (record === undefined) throw new CliError(`There is no cluster in ${dataDir}.`, 'hibernetes up makes one.');
  if (record.cloud !== undefined)
    throw new CliError(
      'This command does not replace the keys of a cluster of functions.',
      'Its envelope key is a setting: the new one stands first, former ones behind it, separated by commas.',
    );
  const signing = await rotateSigningKey(directory.pki);
  const [current = '', ...former] = rotateKeys(directory.pki);
  print(choice, { sealingKey: current, earlierSealingKeys: former, signingKey: signing }, () =>
    [
      `Secrets are sealed with the key ${current} from now on.\n`,
      `Those that are there follow while the cluster runs; ${former.length} earlier keys still open what is older.\n`,
      `Tokens are signed with the key ${signing} within a minute; those of earlier keys stay good until they end.\n`,
    ].join(''),
  );
}
