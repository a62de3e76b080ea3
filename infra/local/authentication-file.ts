/** The AuthenticationConfiguration file of `hibernetes up`. */
import { readFileSync } from 'node:fs';
import { readAuthenticationConfiguration } from '../../functions/apiserver/auth/jwt/read-settings.ts';
import type { AuthenticationSettings } from '../../functions/apiserver/auth/jwt/settings.ts';
import { ConfigurationError } from '../../functions/kube/configuration/configuration-error.ts';
import { isMissing } from './data-directory.ts';

const failed = 'failed to load authentication configuration from file';

export async function readAuthenticationFile(file: string): Promise<AuthenticationSettings> {
  try {
    return await readAuthenticationConfiguration(readFileSync(file, 'utf8'));
  } catch (error) {
    if (isMissing(error))
      throw new ConfigurationError(`${failed} ${JSON.stringify(file)}: open ${file}: no such file or directory`, { cause: error });
    throw error;
  }
}
