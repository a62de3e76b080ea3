/**
 * The configurations of the API and the scheduler that flags of `hibernetes up` name. What is asked for now counts alone;
 * without a flag, the cluster keeps the configuration that it recorded before.
 */
import { resolve } from 'node:path';
import { ConfigurationError } from '../../functions/kube/configuration/configuration-error.ts';
import { tokenWebhookSettings, type TokenWebhookSettings } from '../../functions/apiserver/auth/token-webhook/settings.ts';
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
    authentication: withTokenWebhook(
      await chosen(authenticationConfig, before?.authentication, accessCure, readAuthenticationFile),
      await chooseTokenWebhook(options, before?.authentication?.tokenWebhook),
    ),
    authorization: await chosen(authorizationConfig, before?.authorization, accessCure, readAuthorizationFile),
    scheduler: await chosen(schedulerConfig, before?.scheduler, schedulerCure, readSchedulerFile),
  };
}

/** The webhook has flags beside the file of an AuthenticationConfiguration. */
function withTokenWebhook(
  authentication: Choices['authentication'],
  tokenWebhook: TokenWebhookSettings | undefined,
): Choices['authentication'] {
  if (tokenWebhook !== undefined) return { jwt: [], ...authentication, tokenWebhook };
  if (authentication?.tokenWebhook === undefined) return authentication;
  const { tokenWebhook: _dropped, ...others } = authentication;
  return others;
}

/** In place of a kubeconfig: the cluster has no webhook any more. */
const noWebhook = 'none';

async function chooseTokenWebhook(
  options: UpOptions,
  recorded: TokenWebhookSettings | undefined,
): Promise<TokenWebhookSettings | undefined> {
  const {
    authenticationTokenWebhookConfigFile: file,
    authenticationTokenWebhookVersion: version,
    authenticationTokenWebhookCacheTtl: cacheTtl,
  } = options;
  if (file !== undefined && file !== noWebhook)
    return readConfiguration(accessCure, () => readTokenWebhookFile(resolve(file), { version, cacheTtl }));
  const kept = file === noWebhook ? undefined : recorded;
  if ((version ?? cacheTtl) === undefined) return kept;
  if (kept === undefined)
    throw new CliError('There is no webhook to configure.', '--authentication-token-webhook-config-file names the kubeconfig of one.');
  const changed = await readConfiguration(accessCure, async () =>
    tokenWebhookSettings(kept.access, { version: version ?? kept.reviewVersion, cacheTtl }),
  );
  return cacheTtl === undefined ? { ...changed, keptMs: kept.keptMs } : changed;
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
