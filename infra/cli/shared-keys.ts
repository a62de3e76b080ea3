/**
 * The keys of clusters that share a table. First the new envelope key stands in the secret, before the former ones: each
 * process reads the secret again when it meets a key that it does not know. Only then something is sealed with it.
 */
import { randomBytes } from 'node:crypto';
import { jsonService, ServiceError, type JsonService } from '../../functions/aws/json-service.ts';
import { clusterFormats } from '../../functions/cloud/cluster-formats.ts';
import { envelopeKeys, type EnvelopeKeys } from '../../functions/cloud/settings.ts';
import { rotateStoredKeys } from '../../functions/cloud/stored-keys.ts';
import { createStore } from '../../functions/store/create-store.ts';
import { dynamodbTable } from '../../functions/store/dynamodb/dynamodb-table.ts';
import { clusterKeyOf } from '../../functions/store/seal.ts';
import { realWorld } from '../../functions/world.ts';
import { CliError } from './cli-error.ts';
import { listedClusters } from './cluster.ts';
import type { ClusterHome } from './cluster-home.ts';

const world = realWorld('error');
const keyBytes = 32;
const answerMsMax = 10_000;
/** Until the secret reads as it was written: the service is eventually consistent. */
const readsMax = 20;
const readEveryMs = 500;
/** Source: Secrets Manager, quotas. */
const secretBytesMax = 65_536;

interface Secret {
  read(): Promise<string>;
  write(text: string): Promise<void>;
}

/** The new keys, by their ids. */
export interface RotatedKeys {
  readonly sealingKey: string;
  readonly earlierSealingKeys: readonly string[];
  /** The ids of signing keys, by cluster. */
  readonly signingKeys: Readonly<Record<string, string>>;
}

export async function rotateSharedKeys(home: ClusterHome): Promise<RotatedKeys> {
  if (home.envelope === undefined)
    throw new CliError(`${home.title} does not name the secret of its key.`, 'hibernetes deploy brings it to this version.');
  const { secret, access } = home.envelope;
  const service = jsonService({
    ...access,
    service: 'secretsmanager',
    target: 'secretsmanager',
    version: '1.1',
    clock: world.clock,
    answerMsMax,
  });
  try {
    const envelope = await rotateSecret(secretAt(service, secret), home);
    const signingKeys: Record<string, string> = {};
    for (const { name, id } of await listedClusters(home)) signingKeys[name] = await rotateSigning(home, id, envelope);
    return {
      sealingKey: clusterKeyOf(envelope.envelopeKey).id,
      earlierSealingKeys: (envelope.formerEnvelopeKeys ?? []).map((key) => clusterKeyOf(key).id),
      signingKeys,
    };
  } finally {
    service.close();
  }
}

const secretAt = (service: JsonService, SecretId: string): Secret => ({
  async read() {
    const { SecretString: text } = (await service.call('GetSecretValue', { SecretId })) as { readonly SecretString?: string };
    if (text === undefined) throw new CliError(`The secret ${SecretId} holds no text.`);
    return text;
  },
  write: async (text) => void (await service.call('PutSecretValue', { SecretId, SecretString: text })),
});

async function rotateSecret(secret: Secret, { title }: ClusterHome): Promise<EnvelopeKeys> {
  try {
    const text = `${randomBytes(keyBytes).toString('base64')},${await secret.read()}`;
    if (text.length > secretBytesMax) throw new CliError(`The secret of ${title} has no room for another key.`);
    await secret.write(text);
    for (let reads = 1; (await secret.read()) !== text; reads += 1) {
      if (reads === readsMax)
        throw new CliError(`The secret of ${title} does not read as it was written.`, 'Somebody else may be replacing it.');
      await world.clock.sleep(readEveryMs);
    }
    return envelopeKeys(text);
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    throw new CliError(
      `The secret of ${title} refused (${error.name}): ${error.message}`,
      'It takes secretsmanager:GetSecretValue and PutSecretValue.',
    );
  }
}

async function rotateSigning({ tableName, access }: ClusterHome, cluster: string, envelope: EnvelopeKeys): Promise<string> {
  const formats = clusterFormats(envelope);
  const store = await createStore({ table: dynamodbTable({ tableName, cluster, world, client: access, formats }), world, formats });
  try {
    return await rotateStoredKeys({ store, envelope, random: world.random });
  } finally {
    await store.close();
  }
}
