/** As whom to ask AWS. A function finds it in its environment, other programs by the SDK, which is a lot of code. */
import { environment } from '../world.ts';

export interface AwsIdentity {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

export type Credentials = AwsIdentity | (() => Promise<AwsIdentity>);

/** They are asked for at each request: their provider renews those that expire. */
export function credentialsFrom(given: Credentials | undefined): () => Promise<AwsIdentity> {
  if (typeof given === 'function') return given;
  if (given !== undefined) return () => Promise.resolve(given);
  let elsewhere: Promise<() => Promise<AwsIdentity>> | undefined;
  return async () => {
    const here = fromEnvironment();
    if (here !== undefined) return here;
    elsewhere ??= chain();
    return (await elsewhere)();
  };
}

function fromEnvironment(): AwsIdentity | undefined {
  const [accessKeyId, secretAccessKey] = [environment('AWS_ACCESS_KEY_ID'), environment('AWS_SECRET_ACCESS_KEY')];
  if (accessKeyId === undefined || secretAccessKey === undefined) return undefined;
  const sessionToken = environment('AWS_SESSION_TOKEN');
  return { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) };
}

/** Profiles, roles of containers and machines, single sign-on. It remembers what it finds until that expires. */
async function chain(): Promise<() => Promise<AwsIdentity>> {
  const { defaultProvider } = await import('@aws-sdk/credential-provider-node');
  return defaultProvider();
}
