/** From a change to what must be reconciled because of it. Pure: changes × watches → requests. */
import type { ObjectName } from '../kube/object.ts';
import { groupResource } from '../kube/resource-type.ts';
import type { Change } from '../store/store.ts';
import { isInternal } from './cursor.ts';
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

/** Called with a change on which a watch threw. */
type Failed<W extends Watcher> = (controller: W, change: Change, error: Error) => void;

/** Without `failed`, what a watch throws is thrown. */
export function wakeOf<W extends Watcher>(controllers: readonly W[], failed?: Failed<W>): Wake<W> {
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
    return watchers.flatMap(({ controller, watch }) => {
      try {
        return Array.from(watch.requests(change, cache), (request) => ({ controller, request }));
      } catch (error) {
        if (failed === undefined || !(error instanceof Error)) throw error;
        failed(controller, change, error);
        return [];
      }
    });
  };
}

/** Whether a change wakes any of the controllers. One on which a watch throws does: the run sets it aside. */
export function concernOf(controllers: readonly Watcher[]): (change: Change, cache: Cache) => boolean {
  let hasFailed = false;
  const wake = wakeOf(controllers, () => {
    hasFailed = true;
  });
  return (change, cache) => {
    hasFailed = false;
    return wake(change, cache).length > 0 || hasFailed;
  };
}
