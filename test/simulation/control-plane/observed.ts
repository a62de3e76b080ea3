/** A worker's client whose writes are seen when they are sent: what a process knows then is what it may be judged by. */
import type { Api } from '../../../functions/api.ts';
import type { Client } from '../../../functions/client/client.ts';
import type { KubeObject, ObjectName } from '../../../functions/kube/object.ts';
import type { ResourceType } from '../../../functions/kube/resource-type.ts';
import type { Store } from '../../../functions/store/store.ts';

export interface SentPatch {
  readonly type: ResourceType;
  readonly at: ObjectName;
  readonly patch: Partial<KubeObject>;
}

export type SendListener = (sent: SentPatch, store: Store) => void;

export function observed(api: Api, onSend: (sent: SentPatch) => void): Api {
  return { ...api, clientFor: (user, epoch) => observedClient(api.clientFor(user, epoch), onSend) };
}

function observedClient(client: Client, onSend: (sent: SentPatch) => void): Client {
  return {
    ...client,
    patch: (type, at, patch, options) => {
      onSend({ type, at, patch: patch as Partial<KubeObject> });
      return client.patch(type, at, patch, options);
    },
  };
}
