/** As whom to ask AWS: a function finds it in its environment; others where the SDK looks, which is a lot of code to look in. */
import { environment } from '../world.ts';

export interface AwsIdentity {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

export type Credentials = AwsIdentity | (() => Promise<AwsIdentity>);

/** They are asked for at each request: those that expire are made anew by whoever gives them. */
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
