/** `hibernetes keys rotate`: new keys seal Secrets and sign tokens; what was sealed or signed before stays good. */
import { resolve } from 'node:path';
import { rotateKeys } from '../local/cluster-keys.ts';
import { clusterRecord } from '../local/cluster-record.ts';
import { dataDirectory } from '../local/data-directory.ts';
import { rotateSigningKey } from '../local/signing-keys.ts';
import { CliError } from './cli-error.ts';
import { withHome, type HomeChoice } from './cluster-home.ts';
import { print, type OutputChoice } from './output.ts';
import { rotateSharedKeys } from './shared-keys.ts';

export async function rotate(choice: HomeChoice & OutputChoice): Promise<void> {
  const directory = dataDirectory(resolve(choice.dataDir));
  const record = clusterRecord(directory);
  const isHere = choice.stack === undefined && choice.region === undefined;
  if (isHere && record === undefined)
    throw new CliError(`There is no cluster in ${choice.dataDir}.`, 'hibernetes up makes one; --stack names one on AWS.');
  if (!isHere || record?.cloud !== undefined) return rotateShared(choice);
  const signing = await rotateSigningKey(directory.pki);
  const [current = '', ...former] = rotateKeys(directory.pki);
  print(choice, { sealingKey: current, earlierSealingKeys: former, signingKey: signing }, () =>
    [
      ...sealedText(current, former.length),
      `Tokens are signed with the key ${signing} within a minute; those of earlier keys stay good until they end.\n`,
    ].join(''),
  );
}

const sealedText = (current: string, former: number): readonly string[] => [
  `Secrets are sealed with the key ${current} from now on.\n`,
  `Those that are there follow while the cluster runs; ${former} earlier keys still open what is older.\n`,
];

async function rotateShared(choice: HomeChoice & OutputChoice): Promise<void> {
  const rotated = await withHome(choice, rotateSharedKeys);
  print(choice, rotated, () =>
    [
      ...sealedText(rotated.sealingKey, rotated.earlierSealingKeys.length),
      ...Object.entries(rotated.signingKeys).map(
        ([cluster, key]) =>
          `Tokens of cluster ${cluster} are signed with the key ${key}; those of earlier keys stay good until they end.\n`,
      ),
    ].join(''),
  );
}
