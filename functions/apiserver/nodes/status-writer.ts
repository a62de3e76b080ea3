/** Writes the status of an object that others write too. */
import type { Client } from '../../client/client.ts';
import type { KubeObject, ObjectName } from '../../kube/object.ts';
import { groupResource } from '../../kube/resource-type.ts';
import type { ResourceType } from '../../kube/resource-type.ts';
import { isConflict, isNotFound } from '../../kube/status-error.ts';
import { readObject } from '../../kube/unreadable-object.ts';
import type { View } from '../../kube/view.ts';

export interface StatusTarget<T extends KubeObject> {
  readonly type: ResourceType<T>;
  readonly at: ObjectName;
}

export interface StatusWriter {
  /** `next` answers with the object to write, or undefined when nothing is to be written. An object that is absent or cannot be read stays as it is. */
  write<T extends KubeObject>(target: StatusTarget<T>, next: (current: T) => T | undefined): Promise<void>;
}

const attemptsMax = 5;

export function createStatusWriter(client: Pick<Client, 'get' | 'update'>, view: () => View): StatusWriter {
  return {
    /** Another client may write between the read and the write here: then read again. */
    async write<T extends KubeObject>({ type, at }: StatusTarget<T>, next: (current: T) => T | undefined): Promise<void> {
      let current = readObject(view().get({ resource: groupResource(type), ...at })) as T | undefined;
      for (let attempt = 1; current !== undefined; attempt += 1) {
        const wanted = next(current);
        if (wanted === undefined) return;
        try {
          await client.update(type, wanted, 'status');
          return;
        } catch (error) {
          if (isNotFound(error)) return;
          if (!isConflict(error) || attempt >= attemptsMax) throw error;
          current = await client.get(type, at);
        }
      }
    },
  };
}
