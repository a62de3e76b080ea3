/**
 * The envelope key of a function on AWS: read from Secrets Manager, where KMS unseals it, each time an environment starts.
 * It stands in no setting, so that who may read a function's configuration does not have it. Without it nothing starts.
 */
import { type AwsAccess, jsonService, ServiceError } from '../aws/json-service.ts';
import type { World } from '../world.ts';
import { type EnvelopeKeys, envelopeKeys, type Environment, settingNames, SettingsError } from './settings.ts';

const attemptsMax = 4;
const firstPauseMs = 100;
const answerMsMax = 2_000;
/** From here on a refusal is the service's own trouble. */
const serviceTrouble = 500;
const passing: ReadonlySet<string> = new Set(['ThrottlingException', 'InternalServiceError']);

/** The environment with the key in it, for `settingsOf` alone. Unchanged where the key itself is given. */
export async function withEnvelopeKey(environment: Environment, world: Pick<World, 'clock'>, access: AwsAccess = {}): Promise<Environment> {
  const secret = environment(settingNames.envelopeSecret);
  if (secret === undefined) return environment;
  const key = await fetchedKey(secret, world, access);
  return (name) => (name === settingNames.envelopeKey ? key : environment(name));
}

const rereadEveryMs = 1_000;

/**
 * How to read the keys again, where they are in a secret. A caller that asks soon after a reading waits for the next one: the key may
 * have been replaced between.
 */
export function rereadOf(environment: Environment, world: Pick<World, 'clock'>, access: AwsAccess = {}): EnvelopeKeys['reread'] {
  const secret = environment(settingNames.envelopeSecret);
  if (secret === undefined) return undefined;
  let next: Promise<EnvelopeKeys> | undefined;
  let readMs = -Infinity;
  const read = async (): Promise<EnvelopeKeys> => {
    const waitMs = readMs + rereadEveryMs - world.clock.monotonicMs();
    await (waitMs > 0 ? world.clock.sleep(waitMs) : undefined);
    readMs = world.clock.monotonicMs();
    // A caller that asks from here on may know of a key that this reading does not bring.
    next = undefined;
    return envelopeKeys(await fetchedKey(secret, world, access));
  };
  return () => (next ??= read());
}

async function fetchedKey(secret: string, { clock }: Pick<World, 'clock'>, access: AwsAccess): Promise<string> {
  const service = jsonService({ ...access, service: 'secretsmanager', target: 'secretsmanager', version: '1.1', clock, answerMsMax });
  const attempt = async (number: number): Promise<string> => {
    try {
      return keyIn(await service.call('GetSecretValue', { SecretId: secret }), secret);
    } catch (error) {
      if (!(error instanceof Error) || !mayPass(error) || number === attemptsMax) throw failure(secret, error);
      await clock.sleep(firstPauseMs * 2 ** (number - 1));
      return attempt(number + 1);
    }
  };
  try {
    return await attempt(1);
  } finally {
    service.close();
  }
}

function mayPass(error: Error): boolean {
  if (error instanceof SettingsError) return false;
  return !(error instanceof ServiceError) || error.status >= serviceTrouble || passing.has(error.name);
}

function keyIn(answer: unknown, secret: string): string {
  const text = typeof answer === 'object' && answer !== null && 'SecretString' in answer ? answer.SecretString : undefined;
  if (typeof text !== 'string' || text === '') throw new SettingsError(`the secret ${secret} holds no text`);
  return text;
}

function failure(secret: string, cause: unknown): SettingsError {
  if (cause instanceof SettingsError) return cause;
  const why = cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause);
  return new SettingsError(`the envelope key could not be read from ${secret}: ${why}`, { cause });
}
