/** The port to a pod's volumes. Setting up twice is harmless; files of ConfigMaps and Secrets follow their object while the pod runs. */
import type { Pod } from '../../functions/kube/generated/types.ts';

export interface PodVolume {
  /** The volume's path on the host. */
  readonly path: string;
  /** Mounts are read-only whatever the pod asks for. */
  readonly isReadOnly: boolean;
  /** `Published.isMountedReadOnly` of its plug-in: see `plugin.ts`. */
  readonly isMountedReadOnly?: boolean;
}

export type PodVolumes = ReadonlyMap<string, PodVolume>;

export interface Volumes {
  /** Throws `VolumeError` for the first volume that cannot be set up yet. */
  setUp(pod: Pod): Promise<PodVolumes>;
  /** Brings files up to date with the objects they come from. Throws as `setUp` does. */
  refresh(pod: Pod): Promise<void>;
  /** Takes everything of the pod away from the disk. */
  tearDown(podUid: string): Promise<void>;
  /** The keys of what the node holds for its pods together, in order. */
  staged(): Promise<readonly string[]>;
}

export class VolumeError extends Error {
  override name = 'VolumeError';
  readonly volumeName: string;

  constructor(volumeName: string, message: string, cause?: unknown) {
    super(message, { cause });
    this.volumeName = volumeName;
  }
}
