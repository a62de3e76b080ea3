/** Stands in for the SDK's package of all credential providers, under the name that its clients import. */
import { environment } from '../../functions/world.ts';

interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

export function defaultProvider(): () => Promise<Credentials> {
  return async () => {
    const [accessKeyId, secretAccessKey] = [environment('AWS_ACCESS_KEY_ID'), environment('AWS_SECRET_ACCESS_KEY')];
    if (accessKeyId === undefined || secretAccessKey === undefined) throw new Error('the environment holds no credentials');
    const sessionToken = environment('AWS_SESSION_TOKEN');
    return { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) };
  };
}
