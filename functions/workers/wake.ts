/** From a change to what must be reconciled because of it. Pure: changes × watches → requests. */
import type { ObjectName } from '../kube/object.ts';
import { groupResource } from '../kube/resource-type.ts';
import type { Change } from '../store/store.ts';
import { isInternal } from './checkpoint.ts';
import type { Cache, Controller, Watch } from './controller.ts';

interface WakeRequest {
  readonly controller: Controller;
  readonly request: ObjectName;
}

/** Which requests follow from a change. */
export type Wake = (change: Change, cache: Cache) => WakeRequest[];

interface Watcher {
  readonly controller: Controller;
  readonly watch: Watch;
}

export function wakeOf(controllers: readonly Controller[]): Wake {
  const everything: Watcher[] = [];
  const byResource = new Map<string, Watcher[]>();
  for (const controller of controllers) {
    for (const watch of controller.watches) {
      if (watch.type === 'everything') everything.push({ controller, watch });
      else byResource.set(groupResource(watch.type), [...(byResource.get(groupResource(watch.type)) ?? []), { controller, watch }]);
    }
  }
  return (change, cache) => {
    if (isInternal(change.key.resource)) return [];
    const watchers = [...(byResource.get(change.key.resource) ?? []), ...everything];
    return watchers.flatMap(({ controller, watch }) => Array.from(watch.requests(change, cache), (request) => ({ controller, request })));
  };
}
