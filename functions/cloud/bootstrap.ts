/**
 * Makes sure that what every cluster starts with is there. What exists is left alone, but for where the API answers and
 * for what default roles lack.
 */
import type { Api } from '../api.ts';
import type { Client } from '../client/client.ts';
import { controllerRoles } from '../controllers/roles.ts';
import { deepEqual } from '../kube/equality.ts';
import type { KubeObject } from '../kube/object.ts';
import { apiVersionOf, groupResource, type ResourceType } from '../kube/resource-type.ts';
import { isAlreadyExists } from '../kube/status-error.ts';
import { bootstrapObjects } from '../resources/bootstrap/bootstrap-objects.ts';
import type { Store } from '../store/store.ts';
import type { ApiserverPlace } from '../resources/bootstrap/kubernetes-service.ts';
import type { AnyDefinition } from '../resources/definition.ts';
import { roleKinds, withDefaults } from './default-roles.ts';

const user = { name: 'system:apiserver', groups: ['system:masters', 'system:authenticated'] };

/** Objects that hold the address of the API and its certificate: written anew at each start, since that may have changed. */
const places = new Set(['Endpoints', 'EndpointSlice', 'ConfigMap']);

/** Whether all of it is there, with the address of the API. Asks memory only. */
export function isBootstrapped(
  store: Pick<Store, 'view'>,
  definitions: readonly AnyDefinition[],
  place: ApiserverPlace,
  others: readonly KubeObject[] = [],
): boolean {
  const view = store.view();
  return [...bootstrapObjects(place, controllerRoles), ...others].every((object) => {
    const type = typeOf(definitions, object);
    const key = { resource: groupResource(type), namespace: object.metadata.namespace ?? '', name: object.metadata.name ?? '' };
    const known = view.get(key)?.object;
    if (known === undefined) return false;
    if (roleKinds.has(type.kind)) return withDefaults(known, object) === undefined;
    return !places.has(type.kind) || sameParts(known, object);
  });
}

/** Whether the known object has every field of the wanted one, but for its metadata. */
function sameParts(known: KubeObject, wanted: KubeObject): boolean {
  const parts: Readonly<Record<string, unknown>> = { ...known };
  return Object.entries(wanted).every(([name, part]) => name === 'metadata' || deepEqual(parts[name], part));
}

function typeOf(definitions: readonly AnyDefinition[], { apiVersion, kind }: KubeObject): AnyDefinition['type'] {
  const found = definitions.find(({ type }) => apiVersionOf(type) === apiVersion && type.kind === kind);
  if (found === undefined) throw new Error(`no definition serves ${apiVersion} ${kind}`);
  return found.type;
}

async function bringUpToDate(client: Client, type: ResourceType, wanted: KubeObject): Promise<void> {
  const known = await client.get(type, { namespace: wanted.metadata.namespace ?? '', name: wanted.metadata.name ?? '' });
  const next = withDefaults(known, wanted);
  if (next !== undefined) await client.update(type, next);
}

/** `others` come with those of every cluster. */
export async function bootstrap(
  api: Api,
  definitions: readonly AnyDefinition[],
  place: ApiserverPlace,
  others: readonly KubeObject[] = [],
): Promise<void> {
  const client = api.clientFor(user);
  const create = async (object: KubeObject): Promise<void> => {
    const type = typeOf(definitions, object);
    try {
      await client.create(type, object);
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
      if (places.has(type.kind)) await client.update(type, object);
      if (roleKinds.has(type.kind)) await bringUpToDate(client, type, object);
    }
  };
  // Namespaces come before what lives in them; the rest shares entries of the log, so that a cold process has few to read.
  const [outside, inside] = [false, true].map((isInside) =>
    [...bootstrapObjects(place, controllerRoles), ...others].filter(({ metadata }) => (metadata.namespace !== undefined) === isInside),
  );
  for (const objects of [outside, inside]) await Promise.all((objects ?? []).map(create));
}
