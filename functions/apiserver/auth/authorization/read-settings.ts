/** Reads and checks an AuthorizationConfiguration. Source: apiserver, pkg/apis/apiserver/validation/validation.go and v1/defaults.go. */
import { loadExpressions } from '../../../cel/program.ts';
import type { ClusterAccess } from '../../../client/https-fetch.ts';
import { ConfigurationError } from '../../../kube/configuration/configuration-error.ts';
import { type DocumentKind, readDocument } from '../../../kube/configuration/document.ts';
import { formatDuration, parseDuration } from '../../../kube/duration.ts';
import { aggregate, duplicate, type FieldError, invalid, notSupported, required, tooMany } from '../../../kube/field-error.ts';
import { dnsSubdomainErrors } from '../../../kube/names.ts';
import { conditionProblem } from './match-conditions.ts';
import {
  authorizationShape,
  authorizerTypes,
  type AuthorizationSettings,
  type AuthorizerSettings,
  type AuthorizerType,
  type WebhookSettings,
  type WrittenAuthorizer,
  type WrittenWebhook,
} from './settings.ts';

const documentKind: DocumentKind = {
  kind: 'AuthorizationConfiguration',
  groupVersions: ['v1', 'v1beta1', 'v1alpha1'].map((version) => `apiserver.config.k8s.io/${version}`),
  shape: authorizationShape,
};
const knownTypes = ['ABAC', ...authorizerTypes];
const timeoutMsMax = 30_000;
const conditionsMax = 64;
const defaults = {
  authorizedTTL: '5m',
  unauthorizedTTL: '30s',
  timeout: '0',
  cacheAuthorizedRequests: true,
  cacheUnauthorizedRequests: true,
};

/** The files that the configuration names. */
export interface ConfigurationFiles {
  /** Why a kubeconfig cannot be read from there. Undefined: it can. */
  problem(file: string): string | undefined;
  accessOf(file: string): ClusterAccess;
}

/** Throws a ConfigurationError with all that is wrong. */
export async function readAuthorizationConfiguration(source: string, files: ConfigurationFiles): Promise<AuthorizationSettings> {
  const { authorizers = [] } = (await readDocument(source, documentKind)) as { authorizers?: readonly WrittenAuthorizer[] };
  await loadExpressions();
  const errors = errorsOf(authorizers, files);
  if (errors.length > 0) throw new ConfigurationError(aggregate(errors.map(({ field, message }) => `${field}: ${message}`)));
  return { authorizers: authorizers.map((written) => settingsOf(written, files)) };
}

function errorsOf(authorizers: readonly WrittenAuthorizer[], files: ConfigurationFiles): FieldError[] {
  if (authorizers.length === 0) return [required('authorizers', 'at least one authorization mode must be defined')];
  const types = new Set<string>();
  const names = new Set<string>();
  return authorizers.flatMap((written, index) => {
    const path = `authorizers[${index}]`;
    const { type = '', name = '' } = written;
    if (type === '') return [required(`${path}.type`)];
    if (!knownTypes.includes(type)) return [notSupported(`${path}.type`, type, knownTypes)];
    if (types.has(type) && type !== 'Webhook') return [duplicate(`${path}.type`, type)];
    const errors = [...nameErrors(name, names, `${path}.name`), ...webhookErrors(written, path, files)];
    types.add(type);
    names.add(name);
    return errors;
  });
}

function nameErrors(name: string, before: ReadonlySet<string>, path: string): FieldError[] {
  if (name === '') return [required(path)];
  if (before.has(name)) return [duplicate(path, name)];
  const errors = dnsSubdomainErrors(name);
  return errors.length === 0 ? [] : [invalid(path, name, `authorizer name is invalid: ${errors.join(', ')}`)];
}

function webhookErrors({ type, webhook }: WrittenAuthorizer, path: string, files: ConfigurationFiles): FieldError[] {
  if (type === 'Webhook')
    return webhook === undefined
      ? [required(`${path}.webhook`, 'required when type=Webhook')]
      : // Upstream leaves `webhook` out of these paths.
        [
          ...durationErrors(webhook, path),
          ...choiceErrors(webhook, path),
          ...connectionErrors(webhook, `${path}.connectionInfo`, files),
          ...conditionErrors(webhook, path),
        ];
  if (webhook !== undefined) return [invalid(`${path}.webhook`, 'non-null', 'may only be specified when type=Webhook')];
  return type === 'ABAC' ? [invalid(`${path}.type`, type, 'this server has no attribute-based policy file')] : [];
}

type DurationName = 'authorizedTTL' | 'unauthorizedTTL' | 'timeout';

function msOf(webhook: WrittenWebhook, name: DurationName): number {
  try {
    return parseDuration(webhook[name] ?? defaults[name]);
  } catch (error) {
    if (error instanceof Error) throw new ConfigurationError(error.message, { cause: error });
    throw error;
  }
}

function durationErrors(webhook: WrittenWebhook, path: string): FieldError[] {
  return (['timeout', 'authorizedTTL', 'unauthorizedTTL'] as const).flatMap((name) => {
    const ms = msOf(webhook, name);
    const max = name === 'timeout' ? timeoutMsMax : Infinity;
    if (ms === 0) return [required(`${path}.${name}`)];
    const limits = name === 'timeout' ? 'must be > 0s and <= 30s' : 'must be > 0s';
    return ms > max || ms < 0 ? [invalid(`${path}.${name}`, formatDuration(ms), limits)] : [];
  });
}

function choiceErrors(webhook: WrittenWebhook, path: string): FieldError[] {
  const {
    subjectAccessReviewVersion = '',
    matchConditionSubjectAccessReviewVersion = '',
    failurePolicy = '',
    matchConditions = [],
  } = webhook;
  const oneOf = (name: string, value: string, known: readonly string[]): FieldError[] => {
    if (value === '') return [required(`${path}.${name}`)];
    return known.includes(value) ? [] : [notSupported(`${path}.${name}`, value, known)];
  };
  const conditionVersion = 'matchConditionSubjectAccessReviewVersion';
  return [
    ...oneOf('subjectAccessReviewVersion', subjectAccessReviewVersion, ['v1', 'v1beta1']),
    ...(matchConditionSubjectAccessReviewVersion !== ''
      ? oneOf(conditionVersion, matchConditionSubjectAccessReviewVersion, ['v1'])
      : matchConditions.length > 0
        ? [required(`${path}.${conditionVersion}`, 'required if match conditions are specified')]
        : []),
    ...oneOf('failurePolicy', failurePolicy, ['NoOpinion', 'Deny']),
  ];
}

function connectionErrors({ connectionInfo = {} }: WrittenWebhook, path: string, files: ConfigurationFiles): FieldError[] {
  const { type = '', kubeConfigFile } = connectionInfo;
  const at = `${path}.kubeConfigFile`;
  switch (type) {
    case '':
      return [required(`${path}.type`)];
    case 'InClusterConfig':
      return kubeConfigFile === undefined
        ? [invalid(`${path}.type`, type, 'this server runs in no pod')]
        : [invalid(at, kubeConfigFile, 'can only be set when type=KubeConfigFile')];
    case 'KubeConfigFile': {
      if (kubeConfigFile === undefined || kubeConfigFile === '') return [required(at)];
      const problem = kubeConfigFile.startsWith('/') ? files.problem(kubeConfigFile) : 'must be an absolute path';
      return problem === undefined ? [] : [invalid(at, kubeConfigFile, problem)];
    }
    default:
      return [notSupported(`${path}.type`, { Type: type, KubeConfigFile: kubeConfigFile ?? null }, ['InClusterConfig', 'KubeConfigFile'])];
  }
}

function conditionErrors({ matchConditions = [] }: WrittenWebhook, path: string): FieldError[] {
  if (matchConditions.length > conditionsMax) return [tooMany(`${path}.matchConditions`, matchConditions.length, conditionsMax)];
  return matchConditions.flatMap(({ expression = '' }, index) => {
    const at = `${path}.matchConditions[${index}].expression`;
    if (expression.trim() === '') return [required(at)];
    if (matchConditions.slice(0, index).some((other) => other.expression === expression)) return [duplicate(at, expression)];
    const problem = conditionProblem(expression);
    return problem === undefined ? [] : [invalid(at, expression, problem)];
  });
}

function settingsOf({ type, name = '', webhook }: WrittenAuthorizer, files: ConfigurationFiles): AuthorizerSettings {
  return { type: type as AuthorizerType, name, ...(webhook === undefined ? {} : { webhook: webhookOf(webhook, files) }) };
}

function webhookOf(webhook: WrittenWebhook, files: ConfigurationFiles): WebhookSettings {
  const { cacheAuthorizedRequests, cacheUnauthorizedRequests } = { ...defaults, ...webhook };
  return {
    access: files.accessOf(webhook.connectionInfo?.kubeConfigFile ?? ''),
    timeoutMs: msOf(webhook, 'timeout'),
    authorizedMs: cacheAuthorizedRequests ? msOf(webhook, 'authorizedTTL') : 0,
    unauthorizedMs: cacheUnauthorizedRequests ? msOf(webhook, 'unauthorizedTTL') : 0,
    reviewVersion: webhook.subjectAccessReviewVersion as 'v1' | 'v1beta1',
    failurePolicy: webhook.failurePolicy as 'NoOpinion' | 'Deny',
    matchConditions: (webhook.matchConditions ?? []).map(({ expression = '' }) => expression),
  };
}
