/** What a request answers that needs an object with damaged bytes. */
import { UnreadableObject } from '../../kube/unreadable-object.ts';
import { storeResource } from '../registry/resource-index.ts';
import type { ResourceRequest, Server } from '../server.ts';

const listing: ReadonlySet<string> = new Set(['list', 'deletecollection', 'watch']);

/** An object that cannot be read is named to the client. */
export async function naming<T>(work: Promise<T>, server: Server, request: ResourceRequest): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof UnreadableObject)) throw error;
    const { corruptList, corruptObject } = await import('../registry/corrupt-object.ts');
    const isOfList = listing.has(request.info.verb) && error.key.resource === storeResource(request.definition);
    throw isOfList ? corruptList(server, request, error) : corruptObject(error, request);
  }
}
