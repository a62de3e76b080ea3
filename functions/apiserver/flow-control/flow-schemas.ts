/**
 * Which flow schema a request belongs to: the matching one of the lowest precedence, then of the first name.
 * Source: apiserver, pkg/util/flowcontrol/rule.go and apf_controller.go.
 */
import type {
  FlowSchema,
  NonResourcePolicyRule,
  PolicyRulesWithSubjects,
  PriorityLevelConfiguration,
  ResourcePolicyRule,
  Subject,
} from '../../kube/generated/types.ts';
import { nameOf } from '../../kube/object.ts';
import { serviceAccountUserName } from '../auth/groups.ts';
import { namespaceOf } from '../http/request-info.ts';
import type { RequestInfo, User } from '../ports.ts';

export interface Flow {
  readonly schema: FlowSchema;
  readonly level: PriorityLevelConfiguration;
  /** Requests of the same flow wait behind each other. */
  readonly distinguisher: string;
}

/** Pairs of a schema and its level, in the order in which they are tried. A schema without a level matches nothing. */
export type FlowSchemas = readonly Omit<Flow, 'distinguisher'>[];

const precedenceOf = ({ spec }: FlowSchema): number => spec?.matchingPrecedence ?? 0;

export function orderedSchemas(schemas: readonly FlowSchema[], levels: readonly PriorityLevelConfiguration[]): FlowSchemas {
  const byName = new Map(levels.map((level) => [nameOf(level), level]));
  return schemas
    .toSorted((a, b) => precedenceOf(a) - precedenceOf(b) || (nameOf(a) < nameOf(b) ? -1 : 1))
    .flatMap((schema) => {
      const level = byName.get(schema.spec?.priorityLevelConfiguration?.name ?? '');
      return level === undefined ? [] : [{ schema, level }];
    });
}

export function flowOf(schemas: FlowSchemas, user: User, info: RequestInfo): Flow | undefined {
  const found = schemas.find(({ schema }) => schema.spec?.rules?.some((rule) => matches(rule, user, info)) === true);
  return found === undefined ? undefined : { ...found, distinguisher: distinguisherOf(found.schema, user, info) };
}

function distinguisherOf({ spec }: FlowSchema, user: User, info: RequestInfo): string {
  switch (spec?.distinguisherMethod?.type) {
    case 'ByUser':
      return user.name;
    case 'ByNamespace':
      return namespaceOf(info);
    case undefined:
    default:
      return '';
  }
}

const matches = (
  { subjects, resourceRules = [], nonResourceRules = [] }: PolicyRulesWithSubjects,
  user: User,
  info: RequestInfo,
): boolean =>
  (subjects ?? []).some((subject) => isSubject(subject, user)) &&
  (info.isResource ? resourceRules.some((rule) => isResourceOf(rule, info)) : nonResourceRules.some((rule) => isPathOf(rule, info)));

function isSubject({ kind, user, group, serviceAccount }: Subject, { name, groups }: User): boolean {
  switch (kind) {
    case 'User':
      return user !== undefined && (user.name === '*' || user.name === name);
    case 'Group':
      return group !== undefined && (group.name === '*' || groups.includes(group.name));
    case 'ServiceAccount':
      if (serviceAccount === undefined) return false;
      return serviceAccount.name === '*'
        ? name.startsWith(serviceAccountUserName(serviceAccount.namespace, ''))
        : name === serviceAccountUserName(serviceAccount.namespace, serviceAccount.name);
    default:
      return false;
  }
}

const holds = (list: readonly string[] | undefined, value: string): boolean =>
  list !== undefined && (list.includes(value) || (list.length === 1 && list[0] === '*'));

function isResourceOf({ verbs, resources, apiGroups, namespaces, clusterScope }: ResourcePolicyRule, info: RequestInfo): boolean {
  const { verb, resource, subresource, group } = info;
  if (!holds(verbs, verb) || !holds(apiGroups, group)) return false;
  if (!holds(resources, subresource === '' ? resource : `${resource}/${subresource}`)) return false;
  const namespace = namespaceOf(info);
  return namespace === '' ? clusterScope === true : holds(namespaces, namespace);
}

const isPathOf = ({ verbs, nonResourceURLs }: NonResourcePolicyRule, { verb, path }: RequestInfo): boolean =>
  holds(verbs, verb) && (nonResourceURLs ?? []).some((url) => url === '*' || url === path || path.startsWith(folderOf(url)));

const folderOf = (url: string): string => {
  const start = url.replace(/\*$/, '');
  return start.endsWith('/') ? start : `${start}/`;
};
