/**
 * Upstream's audit policy: which requests are recorded, and how much of each.
 * Source: apiserver, pkg/audit/policy/{reader,checker}.go and pkg/apis/audit/validation/validation.go.
 */
import { ConfigurationError } from '../../kube/configuration/configuration-error.ts';
import { withoutTrailing } from '../../kube/trailing.ts';
import { aggregate, type FieldError, invalid, notSupported, required } from '../../kube/field-error.ts';
import { dnsSubdomainErrors } from '../../kube/names.ts';
import { isJsonObject, type Json, type JsonObject } from '../../kube/object.ts';
import { parseYaml } from '../../kube/yaml-document.ts';
import { namespaceOf } from '../http/request-info.ts';
import type { RequestInfo, User } from '../ports.ts';

export const levels = ['None', 'Metadata', 'Request', 'RequestResponse'] as const;
export type Level = (typeof levels)[number];

export const stages = ['RequestReceived', 'ResponseStarted', 'ResponseComplete', 'Panic'] as const;
export type Stage = (typeof stages)[number];

export interface GroupResources {
  readonly group?: string;
  readonly resources?: readonly string[];
  readonly resourceNames?: readonly string[];
}

export interface PolicyRule {
  readonly level: Level;
  readonly users?: readonly string[];
  readonly userGroups?: readonly string[];
  readonly verbs?: readonly string[];
  readonly resources?: readonly GroupResources[];
  readonly namespaces?: readonly string[];
  readonly nonResourceURLs?: readonly string[];
  readonly omitStages?: readonly Stage[];
  readonly omitManagedFields?: boolean;
}

/** Plain data: it is kept with the cluster. */
export interface AuditPolicy {
  readonly rules: readonly PolicyRule[];
  readonly omitStages?: readonly Stage[];
  readonly omitManagedFields?: boolean;
}

/** The parts of one request that are recorded. */
export interface Recording {
  readonly level: Level;
  readonly omitStages: readonly Stage[];
  readonly omitManagedFields: boolean;
}

const expected = { apiVersion: 'audit.k8s.io/v1', kind: 'Policy' };

export async function readAuditPolicy(text: string): Promise<AuditPolicy> {
  const { value } = await parsed(text);
  return auditPolicyOf(value, text);
}

/** The policy in a document that was parsed already. `text`: how errors show it. */
export function auditPolicyOf(value: Json, text: string): AuditPolicy {
  const document = objectOf(value);
  const [kind, version] = [document['kind'], document['apiVersion']];
  if (typeof kind !== 'string' || kind === '')
    throw new ConfigurationError(`failed decoding: Object 'Kind' is missing in '${text.trim()}'`);
  if (kind !== expected.kind || version !== expected.apiVersion) {
    const shown = typeof version === 'string' ? version : '';
    throw new ConfigurationError(
      `failed decoding: no kind ${JSON.stringify(kind)} is registered for version ${JSON.stringify(shown)} in scheme "pkg/audit/scheme.go:30"`,
    );
  }
  const policy: AuditPolicy = { rules: objectsIn(document['rules']).map(ruleOf), ...omittedBy(document) };
  const { rules } = policy;
  const errors = [...stageErrors(policy.omitStages, 'omitStages'), ...rules.flatMap((rule, index) => ruleErrors(rule, `rules[${index}]`))];
  if (errors.length > 0) throw new ConfigurationError(aggregate(errors.map(({ field, message }) => `${field}: ${message}`)));
  if (rules.length === 0) throw new ConfigurationError('loaded illegal policy with 0 rules');
  return policy;
}

const objectsIn = (value: Json | undefined): readonly JsonObject[] => (Array.isArray(value) ? value.map(objectOf) : []);

const textsIn = (object: JsonObject, field: string): Record<string, readonly string[]> => {
  const value = object[field];
  return Array.isArray(value) ? { [field]: value.map(String) } : {};
};

/** What is not a level or a stage is found when the rule is checked. */
function ruleOf(rule: JsonObject): PolicyRule {
  const lists = ['users', 'userGroups', 'verbs', 'namespaces', 'nonResourceURLs'].map((field) => textsIn(rule, field));
  const resources = objectsIn(rule['resources']).map((entry) => ({
    group: typeof entry['group'] === 'string' ? entry['group'] : '',
    ...textsIn(entry, 'resources'),
    ...textsIn(entry, 'resourceNames'),
  }));
  const level = (typeof rule['level'] === 'string' ? rule['level'] : '') as Level;
  return Object.assign({ level, resources, ...omittedBy(rule) }, ...lists) as PolicyRule;
}

function omittedBy({ omitStages, omitManagedFields }: JsonObject): Pick<AuditPolicy, 'omitStages' | 'omitManagedFields'> {
  return {
    ...(Array.isArray(omitStages) ? { omitStages: omitStages.map(String) as Stage[] } : {}),
    ...(typeof omitManagedFields === 'boolean' ? { omitManagedFields } : {}),
  };
}

async function parsed(text: string): Promise<{ value: Json }> {
  try {
    return await parseYaml(text);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw new ConfigurationError(`failed decoding: ${error.message}`, { cause: error });
  }
}

const objectOf = (value: Json): JsonObject => (isJsonObject(value) ? value : {});

const stageErrors = (list: readonly string[] | undefined, path: string): FieldError[] =>
  (list ?? []).flatMap((stage, index) =>
    stages.some((known) => known === stage) ? [] : [invalid(`${path}[${index}]`, stage, `allowed stages are ${stages.join(',')}`)],
  );

function ruleErrors({ level, nonResourceURLs = [], resources = [], namespaces = [], omitStages }: PolicyRule, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const given: string = level;
  if (given === '') errors.push(required(`${path}.level`));
  else if (!levels.some((known) => known === given)) errors.push(notSupported(`${path}.level`, given, levels));
  errors.push(...nonResourceURLs.flatMap((url, index) => urlErrors(url, `${path}.nonResourceURLs[${index}]`)));
  errors.push(...resources.flatMap((entry) => resourceErrors(entry, `${path}.resources`)));
  errors.push(...stageErrors(omitStages, `${path}.omitStages`));
  if (nonResourceURLs.length > 0 && (resources.length > 0 || namespaces.length > 0))
    errors.push(invalid(`${path}.nonResourceURLs`, nonResourceURLs, 'rules cannot apply to both regular resources and non-resource URLs'));
  return errors;
}

function urlErrors(url: string, path: string): FieldError[] {
  if (url === '*') return [];
  const errors: FieldError[] = [];
  if (!url.startsWith('/')) errors.push(invalid(path, url, "non-resource URL rules must begin with a '/' character"));
  if (url.slice(0, -1).includes('*'))
    errors.push(invalid(path, url, "non-resource URL wildcards '*' must be the final character of the rule"));
  return errors;
}

function resourceErrors({ group = '', resources = [], resourceNames = [] }: GroupResources, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const problems = group === '' || group === '*' ? [] : dnsSubdomainErrors(group);
  if (problems.length > 0) errors.push(invalid(`${path}.group`, group, problems.join(',')));
  if (resourceNames.length > 0 && resources.length === 0)
    errors.push(invalid(`${path}.resourceNames`, resourceNames, 'using resourceNames requires at least one resource'));
  return errors;
}

/** The first rule that matches decides. */
export function recordingOf(policy: AuditPolicy, user: User | undefined, info: RequestInfo): Recording {
  const rule = policy.rules.find((one) => matches(one, user, info));
  return {
    level: rule?.level ?? 'None',
    omitStages: [...(policy.omitStages ?? []), ...(rule?.omitStages ?? [])],
    omitManagedFields: rule?.omitManagedFields ?? policy.omitManagedFields ?? false,
  };
}

function matches(rule: PolicyRule, user: User | undefined, info: RequestInfo): boolean {
  const { users = [], userGroups = [], verbs = [], namespaces = [], resources = [], nonResourceURLs = [] } = rule;
  if (users.length > 0 && (user === undefined || !users.includes(user.name))) return false;
  if (userGroups.length > 0 && user?.groups.some((group) => userGroups.includes(group)) !== true) return false;
  if (verbs.length > 0 && !verbs.includes(info.verb)) return false;
  if (namespaces.length > 0 || resources.length > 0) {
    if (!info.isResource || (namespaces.length > 0 && !namespaces.includes(namespaceOf(info)))) return false;
    return resources.length === 0 || resources.some((entry) => names(entry, info));
  }
  if (nonResourceURLs.length > 0) return !info.isResource && nonResourceURLs.some((url) => isPath(info.path, url));
  return true;
}

const isPath = (path: string, url: string): boolean =>
  url === '*' || url === path || (url.endsWith('*') && path.startsWith(withoutTrailing(url, '*')));

function names({ group = '', resources = [], resourceNames = [] }: GroupResources, info: RequestInfo): boolean {
  if (group !== info.group && group !== '*') return false;
  if (resources.length === 0) return true;
  if (resourceNames.length > 0 && !resourceNames.includes(info.name)) return false;
  const { resource, subresource } = info;
  const whole = subresource === '' ? resource : `${resource}/${subresource}`;
  return resources.some(
    (one) => one === whole || one === '*' || one === `${resource}/*` || (subresource !== '' && one === `*/${subresource}`),
  );
}

/** Whether a rule names the group itself, not by a star or by leaving it out. */
export const namesGroup = ({ rules }: AuditPolicy, group: string): boolean =>
  rules.some(({ resources = [] }) => resources.some((entry) => entry.group === group));
