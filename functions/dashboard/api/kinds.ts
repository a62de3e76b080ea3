/** The kinds that the API serves, custom and aggregated ones too, as its discovery documents describe them. */

export interface Kind {
  /** `pods`, `deployments.apps`. */
  readonly id: string;
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly kind: string;
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly isNamespaced: boolean;
  readonly verbs: readonly string[];
  readonly subresources: readonly string[];
}

/** Source: k8s.io/api, apidiscovery/v2/types.go. */
export interface DiscoveryDocument {
  readonly items: readonly {
    readonly metadata?: { readonly name?: string };
    readonly versions: readonly { readonly version: string; readonly resources?: readonly DiscoveredResource[] }[];
  }[];
}

interface DiscoveredResource {
  readonly resource: string;
  readonly responseKind?: { readonly kind?: string };
  readonly scope: string;
  readonly singularResource?: string;
  readonly verbs: readonly string[];
  readonly shortNames?: readonly string[];
  readonly subresources?: readonly { readonly subresource: string }[];
}

export const kindId = (resource: string, group: string): string => (group === '' ? resource : `${resource}.${group}`);

function kindOf(one: DiscoveredResource, group: string, version: string): Kind {
  return {
    id: kindId(one.resource, group),
    group,
    version,
    resource: one.resource,
    kind: one.responseKind?.kind ?? one.resource,
    singular: one.singularResource ?? '',
    shortNames: one.shortNames ?? [],
    isNamespaced: one.scope === 'Namespaced',
    verbs: one.verbs,
    subresources: (one.subresources ?? []).map(({ subresource }) => subresource),
  };
}

/** The first version of each group that has the resource, which is the preferred one. Kinds that cannot be listed are left out. */
export function kindsOf(documents: readonly DiscoveryDocument[]): readonly Kind[] {
  const all = documents
    .flatMap(({ items }) => items)
    .flatMap(({ metadata: { name: group = '' } = {}, versions }) =>
      versions.flatMap(({ version, resources = [] }) => resources.map((one) => kindOf(one, group, version))),
    )
    .filter(({ verbs }) => verbs.includes('list'));
  // A Map keeps the last value of equal keys.
  return [...new Map(all.toReversed().map((kind) => [kind.id, kind])).values()].toReversed();
}

/** By any of its names: `po`, `pod`, `pods`, `deployments.apps`, `Deployment`. */
export function kindNamed(kinds: readonly Kind[], name: string): Kind | undefined {
  const wanted = name.toLowerCase();
  const isNamed = ({ id, resource, kind, singular, shortNames }: Kind): boolean =>
    [id, resource, singular, kind.toLowerCase(), ...shortNames].includes(wanted);
  return kinds.find(({ id }) => id === wanted) ?? kinds.find(isNamed);
}

/** That an owner or an event refers to. */
export function kindReferred(kinds: readonly Kind[], apiVersion: string, kind: string): Kind | undefined {
  const group = apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '';
  return kinds.find((one) => one.group === group && one.kind === kind);
}

/** The path of a collection, or of one object. */
export function pathOf({ group, version, resource, isNamespaced }: Kind, namespace = '', name = ''): string {
  const root = group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
  const within = isNamespaced && namespace !== '' ? `/namespaces/${encodeURIComponent(namespace)}` : '';
  return `${root}${within}/${resource}${name === '' ? '' : `/${encodeURIComponent(name)}`}`;
}
