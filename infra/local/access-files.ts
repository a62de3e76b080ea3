/** The AuthenticationConfiguration and AuthorizationConfiguration files of `hibernetes up`. */
import { readFileSync, statSync } from 'node:fs';
import { type ConfigurationFiles, readAuthorizationConfiguration } from '../../functions/apiserver/auth/authorization/read-settings.ts';
import type { AuthorizationSettings } from '../../functions/apiserver/auth/authorization/settings.ts';
import { readAuthenticationConfiguration } from '../../functions/apiserver/auth/jwt/read-settings.ts';
import type { AuthenticationSettings } from '../../functions/apiserver/auth/jwt/settings.ts';
import { accessOfKubeconfig, KubeconfigError } from '../../functions/client/kubeconfig-access.ts';
import { ConfigurationError } from '../../functions/kube/configuration/configuration-error.ts';
import { isMissing } from './data-directory.ts';

export const readAuthenticationFile = async (file: string): Promise<AuthenticationSettings> =>
  readAuthenticationConfiguration(textOf(file, `failed to load authentication configuration from file ${JSON.stringify(file)}`));

export const readAuthorizationFile = async (file: string): Promise<AuthorizationSettings> =>
  readAuthorizationConfiguration(textOf(file, 'failed to load AuthorizationConfiguration from file'), files);

function textOf(file: string, failed: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (!isMissing(error)) throw error;
    throw new ConfigurationError(`${failed}: open ${file}: no such file or directory`, { cause: error });
  }
}

const files: ConfigurationFiles = {
  problem(file) {
    try {
      return statSync(file).isFile() ? undefined : 'must be a regular file';
    } catch (error) {
      if (!isMissing(error)) throw error;
      return `error loading file: stat ${file}: no such file or directory`;
    }
  },
  accessOf(file) {
    try {
      return accessOfKubeconfig(file);
    } catch (error) {
      if (error instanceof KubeconfigError) throw new ConfigurationError(error.message, { cause: error });
      throw error;
    }
  },
};
