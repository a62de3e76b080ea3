/** The files about access that a deployment chose, as settings of its functions. */
import { settingNames } from '../../functions/cloud/settings.ts';
import { ConfigurationError } from '../../functions/kube/configuration/configuration-error.ts';
import { readAuthenticationFile, readAuthorizationFile, readTokenWebhookFile } from '../configuration/access-files.ts';
import { type Context, DeploymentError } from './deployment.ts';

/** Variables of the functions that serve the API, by name. */
export type AccessVariables = Readonly<Record<string, string>>;

type TokenWebhook = Awaited<ReturnType<typeof readTokenWebhookFile>>;

/** All variables of a function together take 4 KB. Source: Lambda's quotas. */
const bytesMax = 1_500;

const webhookChoice = 'authenticationTokenWebhookConfigFile';
const webhookDetails = ['authenticationTokenWebhookVersion', 'authenticationTokenWebhookCacheTtl'] as const;

/** Throws a DeploymentError for a file that is missing, wrong or too long. */
export async function accessVariables(context: Context): Promise<AccessVariables> {
  const authentication = await readChosen(context, 'authenticationConfig', readAuthenticationFile);
  const tokenWebhook = await readChosen(context, webhookChoice, (file) => readTokenWebhook(file, context));
  const ignored = tokenWebhook === undefined ? webhookDetails.find((choice) => textOf(context, choice) !== undefined) : undefined;
  if (ignored !== undefined) throw new DeploymentError(`${ignored}: there is no webhook to configure without ${webhookChoice}`);
  const authorization = await readChosen(context, 'authorizationConfig', readAuthorization);
  const trusted = tokenWebhook === undefined ? authentication : { jwt: [], ...authentication, tokenWebhook };
  const parts = Object.entries({ authenticationConfig: authentication, [webhookChoice]: tokenWebhook });
  const choices = parts.flatMap(([choice, part]) => (part === undefined ? [] : [choice])).join(' and ');
  return {
    ...variable(settingNames.authentication, trusted, choices),
    ...variable(settingNames.authorization, authorization, 'authorizationConfig'),
  };
}

async function readChosen<T>(context: Context, choice: string, read: (file: string) => Promise<T>): Promise<T | undefined> {
  const file = textOf(context, choice);
  if (file === undefined) return undefined;
  try {
    return await read(file);
  } catch (error) {
    if (error instanceof ConfigurationError) throw new DeploymentError(`${choice}: ${error.message}`);
    throw error;
  }
}

function textOf(context: Context, choice: string): string | undefined {
  const value = context(choice);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function variable(name: string, settings: object | undefined, choice: string): AccessVariables {
  if (settings === undefined) return {};
  const text = JSON.stringify(settings);
  const bytes = Buffer.byteLength(text);
  if (bytes > bytesMax) throw new DeploymentError(`${choice}: ${bytes} bytes, and at most ${bytesMax} go along with a function`);
  return { [name]: text };
}

/** Anyone who may read a function's settings reads its variables. */
function refuseCredentials({ token, keyPem }: TokenWebhook['access'], whose: string): void {
  if (token !== undefined || keyPem !== undefined)
    throw new ConfigurationError(`the kubeconfig of ${whose} holds a credential, which does not go into a function's variables`);
}

async function readAuthorization(file: string): Promise<object> {
  const settings = await readAuthorizationFile(file);
  for (const { name, webhook } of settings.authorizers) if (webhook !== undefined) refuseCredentials(webhook.access, name);
  return settings;
}

async function readTokenWebhook(file: string, context: Context): Promise<TokenWebhook> {
  const settings = await readTokenWebhookFile(file, {
    version: textOf(context, webhookDetails[0]),
    cacheTtl: textOf(context, webhookDetails[1]),
  });
  refuseCredentials(settings.access, 'the webhook');
  return settings;
}
