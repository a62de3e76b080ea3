/**
 * The configurations of the API and the scheduler that flags of `hibernetes up` name. What is asked for now counts alone;
 * without a flag, the cluster keeps the configuration that it recorded before.
 */
import { resolve } from 'node:path';
import { ConfigurationError } from '../../functions/kube/configuration/configuration-error.ts';
import type { TokenWebhookSettings } from '../../functions/apiserver/auth/token-webhook/settings.ts';
import { readAuthenticationFile, readAuthorizationFile, readTokenWebhookFile } from '../configuration/access-files.ts';
import { checkAdmissionSettings, readAdmissionFile } from '../configuration/admission-file.ts';
import type { ClusterRecord, ControlPlaneChoices } from '../local/cluster-record.ts';
import { CliError } from './cli-error.ts';
import type { UpOptions } from './up.ts';

type Choices = Pick<ControlPlaneChoices, 'admission' | 'authentication' | 'authorization' | 'scheduler'>;

export const admissionCure = 'hibernetes up --help lists the flags, functions/apiserver/admission/README.md the plug-ins.';
const accessCure = 'Kubernetes documents the file under "Authenticating" and "Authorization".';
const schedulerCure = 'functions/scheduler/README.md lists the honoured fields of a KubeSchedulerConfiguration.';

/** Reads a configuration; an error in it becomes one of the command, with the cure. */
export async function readConfiguration<T>(cure: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof ConfigurationError) throw new CliError(error.message, cure);
    throw error;
  }
}

export async function chooseConfigurations(
  options: UpOptions,
  { before, cloud }: { readonly before: ClusterRecord | undefined; readonly cloud: ClusterRecord['cloud'] },
): Promise<Choices> {
  const { authenticationConfig, authorizationConfig, schedulerConfig } = options;
  if (schedulerConfig !== undefined && cloud !== undefined)
    throw new CliError('--scheduler-config works without --cloud only.', schedulerCure);
  const chosen = async <T>(file: string | undefined, recorded: T, cure: string, read: (path: string) => Promise<T>): Promise<T> =>
    file === undefined ? recorded : readConfiguration(cure, () => read(resolve(file)));
  return {
    admission: await chooseAdmission(options, before),
    authentication: await chooseAuthentication(
      options,
      await chosen(authenticationConfig, before?.authentication, accessCure, readAuthenticationFile),
      before?.authentication?.tokenWebhook,
    ),
    authorization: await chosen(authorizationConfig, before?.authorization, accessCure, readAuthorizationFile),
    scheduler: await chosen(schedulerConfig, before?.scheduler, schedulerCure, readSchedulerFile),
  };
}

/** The webhook has flags beside the file. */
async function chooseAuthentication(
  options: UpOptions,
  chosen: Choices['authentication'],
  recorded: TokenWebhookSettings | undefined,
): Promise<Choices['authentication']> {
  const {
    authenticationTokenWebhookConfigFile: file,
    authenticationTokenWebhookVersion: version,
    authenticationTokenWebhookCacheTtl: cacheTtl,
  } = options;
  if (file === undefined && (version ?? cacheTtl) !== undefined)
    throw new CliError('There is no webhook to configure.', '--authentication-token-webhook-config-file names the kubeconfig of one.');
  const tokenWebhook =
    file === undefined ? recorded : await readConfiguration(accessCure, () => readTokenWebhookFile(resolve(file), { version, cacheTtl }));
  return tokenWebhook === undefined ? chosen : { jwt: [], ...chosen, tokenWebhook };
}

async function readSchedulerFile(file: string): Promise<Choices['scheduler']> {
  const scheduler = await import('../configuration/scheduler-file.ts');
  return scheduler.readSchedulerFile(file);
}

async function chooseAdmission(options: UpOptions, before: ClusterRecord | undefined): Promise<Choices['admission']> {
  const { enableAdmissionPlugins: enable, disableAdmissionPlugins: disable, admissionControlConfigFile: file } = options;
  if (enable === undefined && disable === undefined && file === undefined) return before?.admission;
  const settings = { ...(enable === undefined ? {} : { enable }), ...(disable === undefined ? {} : { disable }) };
  return readConfiguration(admissionCure, async () => {
    checkAdmissionSettings(settings);
    return file === undefined ? settings : { ...settings, configurations: await readAdmissionFile(resolve(file)) };
  });
}
