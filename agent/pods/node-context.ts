/** What every pod worker of a node shares. */
import type { EventRecorder } from '../../functions/client/event-recorder.ts';
import type { Pod } from '../../functions/kube/generated/types.ts';
import type { Clock, Log, Random } from '../../functions/world.ts';
import type { ImageCredentials } from '../credentials/image-credentials.ts';
import type { PressureType } from '../eviction/thresholds.ts';
import type { Devices } from '../devices/device-plugins.ts';
import type { ImageMounts } from '../images/image-mounts.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { Volumes } from '../volumes/volumes.ts';
import type { NodeFeatures } from './node-features.ts';
import type { Lookup } from './lookup.ts';
import type { PodFiles } from './pod-files.ts';
import type { ClusterFacts } from './sandbox-config.ts';
import type { Semaphore } from './semaphore.ts';

export interface NodeContext {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly runtime: Runtime;
  readonly volumes: Volumes;
  readonly files: PodFiles;
  readonly events: EventRecorder;
  readonly lookup: Lookup;
  readonly facts: ClusterFacts;
  /** How many sandboxes and containers are started side by side. */
  readonly starts: Semaphore;
  readonly hostIps: readonly string[];
  /** Every pod of the node, as the API has it. */
  readonly pods: () => readonly Pod[];
  readonly allocatable: Readonly<Record<string, string>>;
  /** Credentials of programs; left out: only Secrets have credentials. */
  readonly credentials?: ImageCredentials | undefined;
  /** The devices of plug-ins; left out: the node has none. */
  readonly devices?: Pick<Devices, 'grant'>;
  /** What the node is short of. Left out: of nothing. */
  readonly pressures?: () => ReadonlySet<PressureType>;
  /** Whether the machine shuts down; left out: it never does. */
  readonly isShuttingDown?: () => boolean;
  /** Mounts an image into the directory of its volume. Left out where nothing is mounted. */
  readonly mountImage?: ImageMounts['mount'] | undefined;
  readonly networkIsReady: () => boolean;
  /** Resolves when what is between the network and the pod at these addresses is in place. */
  readonly attach: (pod: Pod, addresses: readonly string[]) => Promise<void>;
  /** Undefined until the runtime answered. */
  readonly features: () => NodeFeatures | undefined;
}
