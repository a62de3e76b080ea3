/** Runs the controllers and the scheduler of one cluster in this process, for hosts without queues. */
import { manifest } from './manifest.ts';
import { loadWorkerGroup, type WorkerOptions } from './worker-groups.ts';
import { createLocalDispatcher } from './workers/doorbell/local-dispatcher.ts';
import { ringOnChanges } from './workers/doorbell/ring-on-changes.ts';

/** Runs the groups that the manifest's doorbells wake. Returns how to stop them. */
export async function startWorkers(options: WorkerOptions): Promise<() => Promise<void>> {
  const { store, cache, world } = options;
  const groups = [await loadWorkerGroup('controllers'), await loadWorkerGroup('scheduler')].map((create) => create(options));
  const woken: readonly string[] = manifest.flatMap(({ triggers }) =>
    triggers.flatMap((trigger) => (trigger.kind === 'doorbell' ? [trigger.group] : [])),
  );
  const started = groups.filter(({ name, controllers }) => woken.includes(name) && controllers.length > 0);
  const dispatcher = createLocalDispatcher({ world, groups: Object.fromEntries(started.map(({ name, run }) => [name, run])) });
  const silence = started.map(({ name, controllers }) => ringOnChanges({ store, cache, doorbell: dispatcher, group: name, controllers }));
  dispatcher.start();
  return async () => {
    for (const stop of silence) stop();
    await dispatcher.stop();
  };
}
