/** The defaults and exemptions of a cluster. Source: pod-security-admission, admission/api. */
import { aggregate, duplicate, type FieldError, invalid } from '../../../kube/field-error.ts';
import { isJsonObject, type Json, type JsonObject } from '../../../kube/object.ts';
import { dnsLabelErrors, dnsSubdomainErrors } from '../../../kube/names.ts';
import { ConfigurationError, configured, InitializationError } from '../configuration.ts';
import { latest, levelErrorText, parseLevel, parseVersion, type Policy, versionErrorText } from './policy.ts';

export interface PodSecurityConfiguration {
  readonly defaults: Policy;
  readonly exemptions: Exemptions;
}

export type Exemptions = Readonly<Record<Exemption, ReadonlySet<string>>>;
type Exemption = 'namespaces' | 'runtimeClasses' | 'usernames';

const expected = {
  apiVersions: ['v1', 'v1beta1', 'v1alpha1'].map((version) => `pod-security.admission.config.k8s.io/${version}`),
  kind: 'PodSecurityConfiguration',
};

const fields = {
  defaults: ['enforce', 'enforce-version', 'audit', 'audit-version', 'warn', 'warn-version'],
  exemptions: ['usernames', 'namespaces', 'runtimeClasses'],
} as const;

export function podSecurityConfiguration(given: JsonObject | undefined): PodSecurityConfiguration {
  const { defaults = {}, exemptions = {}, ...others } = configured(given, expected) ?? {};
  const unknown = [
    ...Object.keys(others).filter((field) => field !== 'apiVersion' && field !== 'kind'),
    ...unknownIn('defaults', defaults),
    ...unknownIn('exemptions', exemptions),
  ];
  if (unknown.length > 0)
    throw new ConfigurationError(`strict decoding error: ${unknown.map((field) => `unknown field ${JSON.stringify(field)}`).join(', ')}`);
  return { defaults: defaultsOf(objectOf(defaults)), exemptions: exemptionsOf(objectOf(exemptions)) };
}

const objectOf = (value: Json): JsonObject => (isJsonObject(value) ? value : {});

const unknownIn = (part: keyof typeof fields, value: Json): string[] =>
  Object.keys(objectOf(value))
    .filter((field) => !fields[part].some((known) => known === field))
    .map((field) => `${part}.${field}`);

const notText = (field: string, type: string): ConfigurationError =>
  new ConfigurationError(`json: cannot unmarshal ${type} into Go struct field PodSecurityDefaults.${field} of type string`);

function defaultsOf(defaults: JsonObject): Policy {
  const errors: string[] = [];
  const parsed = <T>(field: string, unset: string, parse: (text: string) => T | undefined, error: string): T | undefined => {
    const given = defaults[field] ?? '';
    if (typeof given !== 'string') throw notText(`defaults.${field}`, typeof given);
    const value = parse(given === '' ? unset : given);
    if (value === undefined) errors.push(`${field}: ${error}`);
    return value;
  };
  const of = (mode: keyof Policy): Policy[keyof Policy] => ({
    level: parsed(mode, 'privileged', parseLevel, levelErrorText) ?? 'restricted',
    minor: parsed(`${mode}-version`, latest, parseVersion, versionErrorText) ?? Infinity,
  });
  const policy = { enforce: of('enforce'), audit: of('audit'), warn: of('warn') };
  if (errors.length > 0) throw new InitializationError(`PodSecurity configuration error: ${aggregate(errors)}`);
  return policy;
}

const problems: Readonly<Record<Exemption, (name: string) => string[]>> = {
  namespaces: dnsLabelErrors,
  runtimeClasses: dnsSubdomainErrors,
  usernames: (name) => (name === '' ? ['username must not be empty'] : []),
};

function exemptionsOf(exemptions: JsonObject): Exemptions {
  const errors: FieldError[] = [];
  const of = (list: Exemption): ReadonlySet<string> => {
    const given = exemptions[list];
    const known = new Set<string>();
    for (const [index, name] of (Array.isArray(given) ? given : []).map(String).entries()) {
      const path = `exemptions.${list}[${index}]`;
      const wrong = problems[list](name);
      if (wrong.length > 0) errors.push(invalid(path, name, wrong.join(', ')));
      else if (known.has(name)) errors.push(duplicate(path, name));
      else known.add(name);
    }
    return known;
  };
  const found = { namespaces: of('namespaces'), runtimeClasses: of('runtimeClasses'), usernames: of('usernames') };
  if (errors.length === 0) return found;
  throw new InitializationError(`PodSecurity invalid: ${aggregate(errors.map(({ field, message }) => `${field}: ${message}`))}`);
}
