/** From a change to what must be reconciled because of it. Pure: changes × watches → requests. */
import type { ObjectName } from '../kube/object.ts';
import { groupResource } from '../kube/resource-type.ts';
import type { Change } from '../store/store.ts';
import { isInternal } from './checkpoint.ts';
import type { Cache, Controller, Watch } from './controller.ts';

/** As much of a controller as decides what concerns it. */
export type Watcher = Pick<Controller, 'watches'>;

interface WakeRequest<W extends Watcher> {
  readonly controller: W;
  readonly request: ObjectName;
}

/** Which requests follow from a change. */
export type Wake<W extends Watcher = Controller> = (change: Change, cache: Cache) => WakeRequest<W>[];

interface WatchOf<W extends Watcher> {
  readonly controller: W;
  readonly watch: Watch;
}

export function wakeOf<W extends Watcher>(controllers: readonly W[]): Wake<W> {
  const everything: WatchOf<W>[] = [];
  const byResource = new Map<string, WatchOf<W>[]>();
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
