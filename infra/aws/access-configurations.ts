/** The AuthenticationConfiguration and AuthorizationConfiguration that a deployment chose, as settings of its functions. */
import { settingNames } from '../../functions/cloud/settings.ts';
import { ConfigurationError } from '../../functions/kube/configuration/configuration-error.ts';
import { readAuthenticationFile, readAuthorizationFile } from '../configuration/access-files.ts';
import { type Context, DeploymentError } from './deployment.ts';

/** Variables of the functions that serve the API, by name. */
export type AccessVariables = Readonly<Record<string, string>>;

/** All variables of a function together take 4 KB. Source: Lambda's quotas. */
const bytesMax = 1_500;

/** Throws a DeploymentError for a file that is missing, wrong or too long. */
export async function accessVariables(context: Context): Promise<AccessVariables> {
  return {
    ...(await variable(context, 'authenticationConfig', settingNames.authentication, readAuthenticationFile)),
    ...(await variable(context, 'authorizationConfig', settingNames.authorization, readWithoutCredentials)),
  };
}

async function variable(context: Context, choice: string, name: string, read: (file: string) => Promise<object>): Promise<AccessVariables> {
  const file = context(choice);
  if (typeof file !== 'string' || file === '') return {};
  try {
    const text = JSON.stringify(await read(file));
    const bytes = Buffer.byteLength(text);
    if (bytes > bytesMax) throw new ConfigurationError(`${file} takes ${bytes} bytes, and at most ${bytesMax} go along with a function`);
    return { [name]: text };
  } catch (error) {
    if (error instanceof ConfigurationError) throw new DeploymentError(`${choice}: ${error.message}`);
    throw error;
  }
}

/** Anyone who may read a function's settings reads its variables. */
async function readWithoutCredentials(file: string): Promise<object> {
  const settings = await readAuthorizationFile(file);
  for (const { name, webhook } of settings.authorizers) {
    if (webhook?.access.token !== undefined || webhook?.access.keyPem !== undefined) {
      throw new ConfigurationError(`the kubeconfig of ${name} holds a credential, which does not go into a function's variables`);
    }
  }
  return settings;
}
