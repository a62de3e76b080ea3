/** Keeps a node's disk from filling: removes images that no container uses, and rotates logs that grew too large. */
import { statfs } from 'node:fs/promises';
import type { EventRecorder } from '../functions/client/event-recorder.ts';
import type { ContainerImage } from '../functions/kube/generated/types.ts';
import type { World } from '../functions/world.ts';
import { imageCollection, sandboxImageDefault, type AgentConfig } from './config.ts';
import { createNodeImages, type DiskUsage } from './images/node-images.ts';
import { createLogRotation } from './pods/log-rotation.ts';
import { repeat } from './repeat.ts';
import type { Runtime } from './runtime/runtime.ts';

export interface Housekeeping {
  /** The images that the Node's status lists. */
  images(): readonly ContainerImage[];
  /** Removes images that no container uses. */
  freeImages(): Promise<void>;
  run(signal: AbortSignal): Promise<void>;
}

export interface HousekeepingOptions {
  readonly config: AgentConfig;
  readonly world: World;
  readonly runtime: Runtime;
  readonly events: EventRecorder;
}

const refreshPeriodMs = 30_000;
const collectPeriodMs = 5 * 60 * 1000;
const rotatePeriodMs = 10_000;

export async function diskUsage(directory: string): Promise<DiskUsage> {
  const { blocks, bavail, bsize } = await statfs(directory);
  return { capacityBytes: blocks * bsize, availableBytes: bavail * bsize };
}

/** What events of the node are about. */
export const nodeReference = ({ nodeName }: Pick<AgentConfig, 'nodeName'>) => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name: nodeName, uid: nodeName },
});

export function createHousekeeping({ config, world, runtime, events }: HousekeepingOptions): Housekeeping {
  const images = createNodeImages({
    ...world,
    runtime,
    usage: async () => diskUsage(await runtime.imageDirectory()),
    sandboxImage: config.sandboxImage ?? sandboxImageDefault,
    percent: imageCollection(config),
    onShortage: (message) => events.event(nodeReference(config), 'Warning', 'FreeDiskSpaceFailed', message),
  });
  const rotateLogs = createLogRotation({ ...world, runtime });
  return {
    images: () => images.list(),
    freeImages: () => images.freeUnused(),
    async run(signal) {
      await Promise.all([
        repeat(world, { periodMs: refreshPeriodMs, what: 'the images' }, signal, () => images.refresh()),
        repeat(world, { periodMs: collectPeriodMs, what: 'the disk' }, signal, () => images.collect()),
        repeat(world, { periodMs: rotatePeriodMs, what: 'the logs' }, signal, rotateLogs),
      ]);
    },
  };
}
