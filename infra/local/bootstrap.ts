/** Makes sure that what every cluster starts with is there. What exists is left alone, but for where the API answers. */
import type { Api } from '../../functions/api.ts';
import type { KubeObject } from '../../functions/kube/object.ts';
import { apiVersionOf } from '../../functions/kube/resource-type.ts';
import { isAlreadyExists } from '../../functions/kube/status-error.ts';
import { bootstrapObjects } from '../../functions/resources/bootstrap/bootstrap-objects.ts';
import type { ApiserverPlace } from '../../functions/resources/bootstrap/kubernetes-service.ts';
import type { AnyDefinition } from '../../functions/resources/definition.ts';

const user = { name: 'system:apiserver', groups: ['system:masters', 'system:authenticated'] };

/** Objects that say where the API is: written anew at each start, since the address may have changed. */
const places = new Set(['Endpoints', 'EndpointSlice']);

export async function bootstrap(api: Api, definitions: readonly AnyDefinition[], place: ApiserverPlace): Promise<void> {
  const client = api.clientFor(user);
  const typeOf = ({ apiVersion, kind }: KubeObject): AnyDefinition['type'] => {
    const found = definitions.find(({ type }) => apiVersionOf(type) === apiVersion && type.kind === kind);
    if (found === undefined) throw new Error(`no definition serves ${apiVersion} ${kind}`);
    return found.type;
  };
  // In order: namespaces come before what lives in them.
  for (const object of bootstrapObjects(place)) {
    const type = typeOf(object);
    try {
      await client.create(type, object);
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
      if (places.has(type.kind)) await client.update(type, object);
    }
  }
}
