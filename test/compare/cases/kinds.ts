/** Which kinds both servers serve, and which only upstream does: from the discovery documents of the two. */
import type { ApiConnection } from '../servers/api-connection.ts';
import { basesOf } from './bases.ts';
import type { ComparedKind, ServedResource } from './compared-kind.ts';
import { type OpenApiDocument, schemaOf } from './schema.ts';

interface DiscoveredResource {
  readonly name: string;
  readonly kind: string;
  readonly namespaced: boolean;
  readonly verbs: readonly string[];
}

export async function fetchJson<T>(api: Pick<ApiConnection, 'send'>, path: string): Promise<T> {
  const { status, text } = await api.send({ method: 'GET', path, headers: { accept: 'application/json' } });
  if (status !== 200) throw new Error(`GET ${path} was answered with ${status}: ${text.slice(0, 200)}`);
  return JSON.parse(text) as T;
}

async function groupVersionsOf(api: ApiConnection): Promise<readonly { group: string; version: string }[]> {
  const { groups } = await fetchJson<{ groups: readonly { name: string; versions: readonly { version: string }[] }[] }>(api, '/apis');
  const others = groups.flatMap(({ name, versions }) => versions.map(({ version }) => ({ group: name, version })));
  return [{ group: '', version: 'v1' }, ...others];
}

export const pathOfVersion = ({ group, version }: { group: string; version: string }): string =>
  group === '' ? `api/${version}` : `apis/${group}/${version}`;

export async function servedResources(api: ApiConnection): Promise<readonly ServedResource[]> {
  const versions = await groupVersionsOf(api);
  const lists = await Promise.all(
    versions.map(async (at) => {
      const { resources } = await fetchJson<{ resources: readonly DiscoveredResource[] }>(api, `/${pathOfVersion(at)}`);
      return resources
        .filter(({ name }) => !name.includes('/'))
        .map(({ name, kind, namespaced, verbs }): ServedResource => {
          const below = resources.filter((other) => other.name.startsWith(`${name}/`));
          const subresources = Object.fromEntries(below.map((other) => [other.name.slice(name.length + 1), other.verbs]));
          return { ...at, resource: name, kind, namespaced, verbs, subresources };
        });
    }),
  );
  return lists.flat();
}

const shortNameOf = ({ group, resource }: ServedResource): string => (group === '' ? resource : `${resource}.${group}`);

/** With the version where upstream serves several. */
function nameAmong(served: ServedResource, all: readonly ServedResource[]): string {
  const hasTwin = all.some((other) => shortNameOf(other) === shortNameOf(served) && other.version !== served.version);
  return hasTwin ? `${served.resource}.${served.version}.${served.group}` : shortNameOf(served);
}

export interface KindsFound {
  readonly both: readonly ComparedKind[];
  /** Names of kinds that we lack. */
  readonly missing: readonly string[];
}

export async function findKinds(upstream: ApiConnection, ours: ApiConnection): Promise<KindsFound> {
  const [theirs, own] = await Promise.all([servedResources(upstream), servedResources(ours)]);
  const idOf = ({ group, version, resource }: ServedResource): string => `${group}/${version}/${resource}`;
  const ownIds = new Set(own.map(idOf));
  const documents = new Map<string, Promise<OpenApiDocument>>();
  const documentOf = (path: string): Promise<OpenApiDocument> => {
    const known = documents.get(path) ?? fetchJson<OpenApiDocument>(upstream, `/openapi/v3/${path}`);
    documents.set(path, known);
    return known;
  };
  const compared = await Promise.all(
    theirs
      .filter((served) => ownIds.has(idOf(served)))
      .map(async (served): Promise<ComparedKind[]> => {
        const schema = schemaOf(await documentOf(pathOfVersion(served)), served);
        const name = nameAmong(served, theirs);
        return schema === undefined ? [] : [{ ...served, name, schema, bases: basesOf(served, schema) }];
      }),
  );
  return {
    both: compared.flat(),
    missing: theirs.filter((served) => !ownIds.has(idOf(served))).map((served) => nameAmong(served, theirs)),
  };
}
