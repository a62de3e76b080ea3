/** Source: pkg/apis/flowcontrol/validation/validation.go, ValidateFlowSchema. */
import { semanticallyEqual } from '../../../kube/equality.ts';
import { duplicate, type FieldError, forbiddenField, invalid, notSupported, required } from '../../../kube/field-error.ts';
import type {
  FlowSchema,
  NonResourcePolicyRule,
  PolicyRulesWithSubjects,
  ResourcePolicyRule,
  Subject,
} from '../../../kube/generated/types.ts';
import { internalForm } from '../../../kube/go-internal.ts';
import { dnsLabelErrors, dnsSubdomainErrors } from '../../../kube/names.ts';
import { nameOf } from '../../../kube/object.ts';
import { flowSchemas, mandatoryNames } from '../../bootstrap/flow-control.ts';
import { repeatedIndexes } from '../../field-rules.ts';

const methods = ['ByNamespace', 'ByUser'];
const subjectKinds = ['Group', 'ServiceAccount', 'User'];
const verbs = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'proxy', 'update', 'watch'];
const precedenceMax = 10_000;

export function validateFlowSchema(schema: FlowSchema): FieldError[] {
  const { matchingPrecedence = 0, distinguisherMethod, priorityLevelConfiguration: level, rules = [] } = schema.spec ?? {};
  const errors: FieldError[] = [];
  const refuse = (why: string) => errors.push(invalid('spec.matchingPrecedence', matchingPrecedence, why));
  if (matchingPrecedence <= 0) refuse('must be a positive value');
  if (matchingPrecedence > precedenceMax) refuse(`must not be greater than ${precedenceMax}`);
  if (matchingPrecedence === 1 && nameOf(schema) !== 'exempt') refuse("only the schema named 'exempt' may have matchingPrecedence 1");
  // Upstream shows its internal type here.
  if (distinguisherMethod !== undefined && !methods.includes(distinguisherMethod.type)) {
    errors.push(notSupported('spec.distinguisherMethod.type', { Type: distinguisherMethod.type }, methods));
  }
  const field = 'spec.priorityLevelConfiguration.name';
  if (level?.name) errors.push(...dnsSubdomainErrors(level.name).map((why) => invalid(field, level.name, why)));
  else errors.push(required(field, 'must reference a priority level'));
  return [...errors, ...rules.flatMap((rule, index) => ruleErrors(rule, `spec.rules[${index}]`)), ...mandatoryErrors(schema)];
}

/** Two schemas are what every cluster has. */
function mandatoryErrors(schema: FlowSchema): FieldError[] {
  const name = nameOf(schema);
  const fixed = mandatoryNames.has(name) ? flowSchemas.find((one) => nameOf(one) === name) : undefined;
  if (fixed === undefined || semanticallyEqual(schema.spec, fixed.spec)) return [];
  return [invalid('spec', internalForm('flowcontrol.FlowSchemaSpec', schema.spec), `spec of '${name}' must equal the fixed value`)];
}

function ruleErrors({ subjects: given, resourceRules = [], nonResourceRules = [] }: PolicyRulesWithSubjects, path: string): FieldError[] {
  // Go prints null where there are none, here and below.
  const subjects = given ?? [];
  const errors = subjects.flatMap((subject, index) => subjectErrors(subject, `${path}.subjects[${index}]`));
  if (subjects.length === 0) errors.push(required(`${path}.subjects`, 'subjects must contain at least one value'));
  if (resourceRules.length + nonResourceRules.length === 0) {
    errors.push(required(path, 'at least one of resourceRules and nonResourceRules has to be non-empty'));
  }
  return [
    ...errors,
    ...resourceRules.flatMap((rule, index) => resourceErrors(rule, `${path}.resourceRules[${index}]`)),
    ...nonResourceRules.flatMap((rule, index) => urlErrors(rule, `${path}.nonResourceRules[${index}]`)),
  ];
}

const subjectFields = { ServiceAccount: 'serviceAccount', User: 'user', Group: 'group' } as const;

function subjectErrors(subject: Subject, path: string): FieldError[] {
  const own = Object.entries(subjectFields).find(([kind]) => kind === subject.kind)?.[1];
  if (own === undefined) return [notSupported(`${path}.kind`, subject.kind ?? '', subjectKinds)];
  const errors = ownErrors(subject, own, `${path}.${own}`);
  for (const [kind, field] of Object.entries(subjectFields)) {
    if (field === own || subject[field] === undefined) continue;
    errors.push(forbiddenField(`${path}.${field}`, `${field} is forbidden when subject kind is not '${kind}'`));
  }
  return errors;
}

function ownErrors(subject: Subject, field: 'serviceAccount' | 'user' | 'group', path: string): FieldError[] {
  const given = subject[field];
  if (given === undefined) return [required(path, `${field} is required when subject kind is '${subject.kind}'`)];
  const errors: FieldError[] = given.name ? [] : [required(`${path}.name`)];
  if (field !== 'serviceAccount') return errors;
  const { name = '', namespace = '' } = subject.serviceAccount ?? {};
  if (name !== '' && name !== '*') errors.push(...dnsSubdomainErrors(name).map((why) => invalid(`${path}.name`, name, why)));
  if (namespace === '') return [...errors, required(`${path}.namespace`, 'must specify namespace for service account')];
  return [...errors, ...dnsLabelErrors(namespace).map((why) => invalid(`${path}.namespace`, namespace, why))];
}

function verbErrors(given: readonly string[], field: string): FieldError[] {
  if (given.length === 0) return [required(field, 'verbs must contain at least one value')];
  if (given.includes('*')) return given.length > 1 ? [invalid(field, given, "if '*' is present, must not specify other verbs")] : [];
  return given.every((verb) => verbs.includes(verb)) ? [] : [notSupported(field, given, verbs)];
}

function listErrors(given: readonly string[], field: string, what: readonly [one: string, others: string]): FieldError[] {
  if (given.length === 0) return [required(field, `resource rules must supply at least one ${what[0]}`)];
  const isMixed = given.length > 1 && given.includes('*');
  return isMixed ? [invalid(field, given, `if '*' is present, must not specify other ${what[1]}`)] : [];
}

function resourceErrors(rule: ResourcePolicyRule, path: string): FieldError[] {
  return [
    ...verbErrors(rule.verbs ?? [], `${path}.verbs`),
    ...listErrors(rule.apiGroups ?? [], `${path}.apiGroups`, ['api group', 'api groups']),
    ...listErrors(rule.resources ?? [], `${path}.resources`, ['resource', 'resources']),
    ...namespaceErrors(rule, `${path}.namespaces`),
  ];
}

function namespaceErrors({ namespaces: given, clusterScope = false }: ResourcePolicyRule, field: string): FieldError[] {
  const namespaces = given ?? [];
  if (namespaces.length === 0 && !clusterScope) {
    return [required(field, 'resource rules that are not cluster scoped must supply at least one namespace')];
  }
  if (namespaces.includes('*')) {
    return namespaces.length > 1 ? [invalid(field, namespaces, "if '*' is present, must not specify other namespaces")] : [];
  }
  const start = "each member of this list must be '*' or a DNS-1123 label; ";
  return namespaces.flatMap((name, index) => dnsLabelErrors(name).map((why) => invalid(`${field}[${index}]`, name, start + why)));
}

function urlErrors({ verbs: given, nonResourceURLs }: NonResourcePolicyRule, path: string): FieldError[] {
  const urls = nonResourceURLs ?? [];
  const field = `${path}.nonResourceURLs`;
  const errors = verbErrors(given ?? [], `${path}.verbs`);
  if (urls.length === 0) return [...errors, required(field, 'nonResourceURLs must contain at least one value')];
  if (urls.includes('*')) {
    return urls.length > 1 ? [...errors, invalid(field, urls, "if '*' is present, must not specify other non-resource URLs")] : errors;
  }
  return [...errors, ...urls.flatMap((url, index) => pathErrors(url).map((why) => invalid(`${field}[${index}]`, url, why)))];
}

function pathErrors(url: string): string[] {
  if (url === '') return ['must not be empty'];
  if (url === '/') return [];
  if (!url.startsWith('/')) return ['must start with slash'];
  if (url.includes(' ')) return ['must not contain white-space'];
  if (url.includes('//')) return ['must not contain double slash'];
  const star = url.indexOf('*');
  return star !== -1 && (star !== url.length - 1 || !url.endsWith('/*')) ? ['wildcard can only do suffix matching'] : [];
}

export function validateFlowConditions({
  status,
}: {
  readonly status?: { readonly conditions?: readonly { readonly type?: string }[] };
}): FieldError[] {
  const types = (status?.conditions ?? []).map(({ type }) => type ?? '');
  const repeated = new Set(repeatedIndexes(types));
  return types.flatMap((type, index) => {
    const field = `status.conditions[${index}].type`;
    return [...(repeated.has(index) ? [duplicate(field, type)] : []), ...(type === '' ? [required(field)] : [])];
  });
}
