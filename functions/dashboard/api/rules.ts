/** Whether rules allow something. Pure. */

/** Source: k8s.io/api, authorization/v1/types.go (ResourceRule). */
export interface ResourceRule {
  readonly verbs: readonly string[];
  readonly apiGroups?: readonly string[];
  readonly resources?: readonly string[];
  readonly resourceNames?: readonly string[];
}

export interface Rights {
  readonly resourceRules: readonly ResourceRule[];
  /** The list may lack some. */
  readonly incomplete: boolean;
}

export interface Asked {
  readonly verb: string;
  readonly group: string;
  /** The resource with its subresource: `deployments/scale`. */
  readonly resource: string;
  readonly name: string;
}

const holds = (list: readonly string[] | undefined, value: string): boolean => list?.some((one) => one === '*' || one === value) === true;

/** A rule may name a subresource of every kind. */
function holdsResource(list: readonly string[] | undefined, resource: string): boolean {
  const [, subresource] = resource.split('/');
  return holds(list, resource) || (subresource !== undefined && holds(list, `*/${subresource}`));
}

export const allows = ({ resourceRules, incomplete }: Rights, { verb, group, resource, name }: Asked): boolean =>
  incomplete ||
  resourceRules.some(
    ({ verbs, apiGroups, resources, resourceNames = [] }) =>
      holds(verbs, verb) &&
      holds(apiGroups, group) &&
      holdsResource(resources, resource) &&
      (resourceNames.length === 0 || resourceNames.includes(name)),
  );
