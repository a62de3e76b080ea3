/** The AWS account that a command works in: whose it is, as whom, and where. Credentials come from wherever the SDK finds them. */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { environment } from '../../functions/world.ts';
import { CliError } from './cli-error.ts';
import { cureFor } from './cloud-cures.ts';
import { CloudError, CloudUnreachable, createCloudRequests, textAt, type CloudRequests } from './cloud-request.ts';
import { presignedToken, type CloudCredentials } from './cloud-token.ts';

export interface CloudAccount extends CloudRequests {
  readonly region: string;
  readonly id: string;
  /** Who asks, as AWS names them. */
  readonly arn: string;
  credentials(): Promise<CloudCredentials>;
  /** A bearer token for the API of a cluster. */
  tokenFor(iamClusterId: string): Promise<string>;
}

const regionPattern = /^[a-z]{2}(-[a-z]+)+-\d{1,2}$/;
const signInCure =
  'aws configure or aws sso login signs in, or AWS_ACCESS_KEY_ID and its siblings in the environment; AWS_PROFILE chooses one of several identities.';

/** Codes of AWS for credentials that are not believed. */
const disbelieved = new Set([
  'ExpiredToken',
  'ExpiredTokenException',
  'RequestExpired',
  'InvalidClientTokenId',
  'SignatureDoesNotMatch',
  'UnrecognizedClientException',
]);

/** Names of the SDK's errors: nothing to sign with was found, or its session could not be renewed. */
const noCredentials = new Set(['CredentialsProviderError', 'TokenProviderError']);

/** What AWS or the SDK failed with, as a user can answer it; anything else stays as it is. */
export function asCloudCliError(error: unknown, region: string): unknown {
  if (error instanceof CloudUnreachable)
    return new CliError(`AWS does not answer: ${error.message}.`, `Is ${region} the Region that is meant? --region chooses another.`);
  if (error instanceof CloudError) {
    if (disbelieved.has(error.code))
      return new CliError(
        `AWS does not believe the credentials (${error.code}): ${error.message}`,
        `${signInCure} A Region that the account has not enabled answers the same: this is ${region}.`,
      );
    return new CliError(
      `AWS refused (${error.code}): ${error.message}`,
      cureFor(`${error.code}: ${error.message}`, { region, account: 'ACCOUNT' }),
    );
  }
  if (!(error instanceof Error)) return error;
  if (!noCredentials.has(error.name)) return error;
  const what = /expired/i.test(error.message) ? 'The login to AWS has expired' : 'There are no AWS credentials';
  return new CliError(`${what}: ${error.message}`, signInCure);
}

async function regionOf(client: DynamoDBClient): Promise<string> {
  try {
    const region = await client.config.region();
    if (regionPattern.test(region)) return region;
    throw new CliError(`${region} is no Region of AWS.`, 'They look like eu-west-1.');
  } catch (error) {
    if (error instanceof CliError || !(error instanceof Error) || !error.message.startsWith('Region is missing')) throw error;
    throw new CliError('No AWS Region is chosen.', '--region eu-west-1 or the environment variable AWS_REGION chooses one.');
  }
}

export async function cloudAccount(chosen: string | undefined): Promise<CloudAccount> {
  // Its own settings are the chain that every client of the SDK goes through.
  const sdk = new DynamoDBClient(chosen === undefined ? {} : { region: chosen });
  const region = await regionOf(sdk);
  const credentials = (): Promise<CloudCredentials> => sdk.config.credentials();
  const requests = createCloudRequests({ region, credentials, environment, fetch: globalThis.fetch });
  try {
    const identity = await requests.query('sts', 'GetCallerIdentity');
    const [id, arn] = [textAt(identity, 'Account'), textAt(identity, 'Arn')];
    if (id === undefined || arn === undefined) throw new CloudError('NoIdentity', 'the token service does not name who asks');
    return {
      ...requests,
      region,
      id,
      arn,
      credentials,
      tokenFor: async (iamClusterId) => presignedToken({ iamClusterId, region, credentials: await credentials(), nowMs: Date.now() }),
    };
  } catch (error) {
    throw asCloudCliError(error, region);
  }
}

/** Runs work in an account. Failures are worded so that a user can answer them. */
export async function withAccount<T>(chosen: string | undefined, work: (account: CloudAccount) => Promise<T>): Promise<T> {
  const account = await cloudAccount(chosen);
  try {
    return await work(account);
  } catch (error) {
    throw asCloudCliError(error, account.region);
  }
}
