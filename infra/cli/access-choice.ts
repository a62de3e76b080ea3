/** Who is believed and who decides, as `hibernetes up` is asked for it. */
import { resolve } from 'node:path';
import { ConfigurationError } from '../../functions/kube/configuration/configuration-error.ts';
import { readAuthenticationFile, readAuthorizationFile } from '../local/access-files.ts';
import type { ClusterRecord, ControlPlaneChoices } from '../local/cluster-record.ts';
import { CliError } from './cli-error.ts';
import type { UpOptions } from './up.ts';

type AccessChoices = Pick<ControlPlaneChoices, 'authentication' | 'authorization'>;

/** What is asked for now counts; without a file, what the cluster ran with before. */
export async function chooseAccess(
  { authenticationConfig, authorizationConfig }: Pick<UpOptions, 'authenticationConfig' | 'authorizationConfig'>,
  before: ClusterRecord | undefined,
): Promise<AccessChoices> {
  return {
    authentication: authenticationConfig === undefined ? before?.authentication : await read(authenticationConfig, readAuthenticationFile),
    authorization: authorizationConfig === undefined ? before?.authorization : await read(authorizationConfig, readAuthorizationFile),
  };
}

async function read<T>(file: string, reader: (file: string) => Promise<T>): Promise<T> {
  try {
    return await reader(resolve(file));
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    throw new CliError(error.message, 'Kubernetes documents the file under "Authenticating" and "Authorization".');
  }
}
