/** What a root begins with: its settings, the real world, its table and its doorbells. */
import { type SqsDoorbell, createSqsDoorbell } from '../workers/doorbell/sqs-doorbell.ts';
import type { WorkerGroupName } from '../manifest.ts';
import type { Table } from '../store/table.ts';
import { environment, realWorld, type LogLevel, type World } from '../world.ts';
import { openControlPlane } from './control-plane.ts';
import { openTable } from './open-table.ts';
import { settingNames, settingsOf, type Settings } from './settings.ts';
import { createWorkerHandler, type QueueHandler } from './worker.ts';
import { createWorkerNotes } from './worker-notes.ts';

export interface Rooted {
  readonly settings: Settings;
  readonly world: World;
  readonly doorbell: SqsDoorbell;
  openTable(): Table;
}

export function startFunction(): Rooted {
  const settings = settingsOf(environment);
  const level = environment(settingNames.logLevel) ?? 'info';
  const world = realWorld(isLogLevel(level) ? level : 'info');
  const queues = { groups: settings.queues, deadlines: settings.deadlineQueue };
  return { settings, world, doorbell: createSqsDoorbell({ queues, world }), openTable: () => openTable(settings, world) };
}

const isLogLevel = (text: string): text is LogLevel => ['debug', 'info', 'warn', 'error'].includes(text);

/** The handler of a function that runs the sessions of one group of controllers. */
export function controllersHandler(group: WorkerGroupName): QueueHandler {
  const { settings, world, doorbell, openTable: open } = startFunction();
  const table = open();
  return createWorkerHandler({
    group,
    doorbell,
    notes: createWorkerNotes(table, world.clock),
    world,
    async open() {
      const { store, groups } = await openControlPlane({ settings, table, doorbell, world, ownGroup: group });
      const own = groups.find(({ name }) => name === group);
      if (own === undefined) throw new Error(`there are no controllers of the group ${group}`);
      return {
        revision: () => store.view().revision,
        async session(signal) {
          const outcome = await own.session(signal);
          await own.flush();
          return outcome;
        },
      };
    },
  });
}
