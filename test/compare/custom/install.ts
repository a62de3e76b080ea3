/** Creates custom kinds on both servers, waits until they are served, and makes them kinds whose answers are compared. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { JsonObject } from '../../../functions/kube/object.ts';
import type { ComparedKind, ServedResource } from '../cases/compared-kind.ts';
import { choices } from '../cases/random.ts';
import { fetchJson } from '../cases/kinds.ts';
import type { OpenApiDocument, Schema, SchemaNode } from '../cases/schema.ts';
import type { Contest } from '../judge/run-case.ts';
import { isObject } from '../json.ts';
import type { ApiConnection } from '../servers/api-connection.ts';
import { generatedKind } from './generated.ts';
import { customGroup, customResourceDefinition, type CustomKind, pluralOf, versionsOf, writtenKinds } from './written.ts';

export const definitionsPath = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const waitMs = 100;
const waitsMax = 300;

export function customKinds(seed: number, count: number): readonly CustomKind[] {
  const written = writtenKinds();
  const generated = Array.from({ length: Math.max(0, count - written.length) }, (_, number) =>
    generatedKind(choices(seed, `custom kind ${number}`), number),
  );
  return [...written, ...generated].slice(0, count);
}

/** Those that upstream accepts; a definition that only one of the two accepts is a failure of the run. */
export async function installCustomKinds(contest: Contest, wanted: { seed: number; count: number }): Promise<readonly ComparedKind[]> {
  const meta = await metadataSchema(contest.upstream);
  const kinds = await Promise.all(
    customKinds(wanted.seed, wanted.count).map(async (custom) => {
      const body = JSON.stringify(customResourceDefinition(custom));
      const answers = await Promise.all([contest.upstream, contest.ours].map((api) => posted(api, body)));
      const [theirs, ours] = answers;
      if (theirs?.status !== ours?.status) {
        process.stderr.write(`${custom.kind}: upstream answers ${theirs?.status} ${theirs?.text}, we ${ours?.status} ${ours?.text}\n`);
        return [];
      }
      if (theirs?.status !== 201) {
        process.stderr.write(`${custom.kind} is refused: ${theirs?.text}\n`);
        return [];
      }
      await Promise.all([contest.upstream, contest.ours].map((api) => served(api, custom)));
      return comparedKinds(custom, meta);
    }),
  );
  return kinds.flat();
}

export const posted = (api: ApiConnection, body: string): ReturnType<ApiConnection['send']> =>
  api.send({ method: 'POST', path: definitionsPath, headers: { 'content-type': 'application/json' }, body });

export async function served(api: ApiConnection, custom: CustomKind): Promise<void> {
  const plural = pluralOf(custom);
  for (const version of versionsOf(custom).filter((one) => one['served'] === true)) {
    for (let waits = 0; ; waits += 1) {
      const path = `/apis/${customGroup}/${version['name'] as string}/${plural}`;
      const { status } = await api.send({ method: 'GET', path, headers: {} });
      if (status === 200) break;
      if (waits === waitsMax) throw new Error(`${plural} does not get served`);
      await sleep(waitMs);
    }
  }
}

export interface MetadataSchema {
  readonly node: SchemaNode;
  readonly schemas: Readonly<Record<string, SchemaNode>>;
}

export async function metadataSchema(api: ApiConnection): Promise<MetadataSchema> {
  const { components } = await fetchJson<OpenApiDocument>(api, '/openapi/v3/apis/apps/v1');
  return { node: { $ref: '#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta' }, schemas: components?.schemas ?? {} };
}

export function comparedKinds(custom: CustomKind, { node, schemas }: MetadataSchema): ComparedKind[] {
  const plural = pluralOf(custom);
  const served = versionsOf(custom).filter((one) => one['served'] === true);
  return served.map((version): ComparedKind => {
    const name = version['name'] as string;
    const own = (version['schema'] as JsonObject)['openAPIV3Schema'] as SchemaNode;
    const resolve: Schema['resolve'] = (at) => {
      const reference = at.$ref ?? at.allOf?.[0]?.$ref;
      return reference === undefined ? at : { ...at, ...schemas[reference.slice('#/components/schemas/'.length)] };
    };
    const subresources = Object.keys((version['subresources'] ?? {}) as JsonObject);
    const resource: ServedResource = {
      group: customGroup,
      version: name,
      resource: plural,
      kind: custom.kind,
      namespaced: custom.scope !== 'Cluster',
      verbs: ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'],
      subresources: Object.fromEntries(subresources.map((one) => [one, ['get', 'patch', 'update']])),
    };
    const isOnly = served.length === 1;
    // Versions share their objects.
    const objectName = isOnly ? 'o$n' : `${name}-o$n`;
    const bases = custom.instances.map(({ metadata, ...rest }) => ({
      apiVersion: `${customGroup}/${name}`,
      kind: custom.kind,
      metadata: { name: objectName, ...(isObject(metadata) ? metadata : {}) },
      ...rest,
    }));
    return {
      ...resource,
      name: isOnly ? plural : `${plural}.${name}`,
      schema: { root: { ...own, properties: { ...own.properties, metadata: node } }, resolve },
      bases,
    };
  });
}
