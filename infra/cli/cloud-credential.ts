/** `hibernetes token iam`: what kubectl runs to sign in to a cluster on AWS. It makes what `aws eks get-token` makes, without that. */
import { credentialsFrom } from '../../functions/aws/credentials.ts';
import { timestamp } from '../../functions/kube/time.ts';
import { realWorld } from '../../functions/world.ts';
import { asCloudCliError } from './cloud-account.ts';
import { presignedToken } from './cloud-token.ts';
import { execCredentialText } from './exec-credential.ts';

export interface CloudCredentialChoice {
  readonly region: string;
  /** What the token is for: no other cluster takes it. */
  readonly clusterId: string;
}

/** A minute less than the API believes it. */
const lifeMs = 14 * 60_000;

export async function printCloudCredential({ region, clusterId }: CloudCredentialChoice, info: string | undefined): Promise<void> {
  const nowMs = realWorld('error').clock.now();
  try {
    const credentials = await credentialsFrom(undefined)();
    const token = await presignedToken({ iamClusterId: clusterId, region, credentials, nowMs });
    process.stdout.write(execCredentialText({ token, expirationTimestamp: timestamp(nowMs + lifeMs) }, info));
  } catch (error) {
    throw asCloudCliError(error, region);
  }
}
