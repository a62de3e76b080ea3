/** The controllers of each group, only to know what they watch: none of them runs here. */
import { createControllers } from '../controllers/all.ts';
import type { WorkerGroupName } from '../manifest.ts';
import { createScheduler } from '../scheduler/scheduler.ts';
import type { Controller } from '../workers/controller.ts';

export const silentControllers = (): readonly { readonly name: WorkerGroupName; readonly controllers: readonly Controller[] }[] => [
  { name: 'controllers', controllers: createControllers({ resourceTypes: [], certificateAuthorityPem: '', listeningSinceMs: 0 }) },
  { name: 'scheduler', controllers: [createScheduler()] },
];
