/**
 * The port to a pod's volumes, and the registry of kinds of volume. Setting up twice is harmless; files of ConfigMaps and
 * Secrets follow their object while the pod runs.
 */
import type { Pod, Volume } from '../../functions/kube/generated/types.ts';

export interface Volumes {
  /** Throws `VolumeError` for the first volume that cannot be set up yet. Answers where each is on the host. */
  setUp(pod: Pod): Promise<ReadonlyMap<string, string>>;
  /** Brings files up to date with the objects they come from. Throws as `setUp` does. */
  refresh(pod: Pod): Promise<void>;
  /** Takes everything of the pod away from the disk. */
  tearDown(podUid: string): Promise<void>;
}

export class VolumeError extends Error {
  override name = 'VolumeError';
  readonly volumeName: string;

  constructor(volumeName: string, message: string, cause?: unknown) {
    super(message, { cause });
    this.volumeName = volumeName;
  }
}

/** One kind of volume: `emptyDir`, `configMap`, … */
export interface VolumePlugin {
  /** Whether this volume is of its kind. */
  matches(volume: Volume): boolean;
  /** Makes it so and answers the path on the host. Throws Error with upstream's words. */
  setUp(pod: Pod, volume: Volume): Promise<string>;
  /** Whether its content follows an object. */
  readonly follows: boolean;
}
