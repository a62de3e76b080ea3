/** The files of `hibernetes up` about access: AuthenticationConfiguration, AuthorizationConfiguration, kubeconfigs of webhooks. */
import { statSync } from 'node:fs';
import { type ConfigurationFiles, readAuthorizationConfiguration } from '../../functions/apiserver/auth/authorization/read-settings.ts';
import type { AuthorizationSettings } from '../../functions/apiserver/auth/authorization/settings.ts';
import { readAuthenticationConfiguration } from '../../functions/apiserver/auth/jwt/read-settings.ts';
import type { AuthenticationSettings } from '../../functions/apiserver/auth/jwt/settings.ts';
import {
  tokenWebhookSettings,
  type TokenWebhookSettings,
  type WrittenTokenWebhook,
} from '../../functions/apiserver/auth/token-webhook/settings.ts';
import { accessOfKubeconfig, KubeconfigError } from '../../functions/client/kubeconfig-access.ts';
import { ConfigurationError } from '../../functions/kube/configuration/configuration-error.ts';
import { fileText } from './file-text.ts';

export const readAuthenticationFile = async (file: string): Promise<AuthenticationSettings> =>
  readAuthenticationConfiguration(
    fileText(
      file,
      `failed to load authentication configuration from file ${JSON.stringify(file)}: open ${file}: no such file or directory`,
    ),
  );

export const readAuthorizationFile = async (file: string): Promise<AuthorizationSettings> =>
  readAuthorizationConfiguration(
    fileText(file, `failed to load AuthorizationConfiguration from file: open ${file}: no such file or directory`),
    files,
  );

/** A webhook that knows bearer tokens: the kubeconfig of its server. */
export const readTokenWebhookFile = async (file: string, written: WrittenTokenWebhook): Promise<TokenWebhookSettings> =>
  tokenWebhookSettings(files.accessOf(file), written);

const files: ConfigurationFiles = {
  problem(file) {
    const found = statSync(file, { throwIfNoEntry: false });
    if (found === undefined) return `error loading file: stat ${file}: no such file or directory`;
    return found.isFile() ? undefined : 'must be a regular file';
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
