/** One kind of volume. Each has a folder; `all-plugins.ts` lists them. */
import type { PersistentVolume, PersistentVolumeSpec, Pod, Volume } from '../../functions/kube/generated/types.ts';

/** What a plug-in wants to find again, on disk outside the volume: containers cannot change it. */
export type PluginState = Readonly<Record<string, string>>;

export interface PublishRequest {
  readonly pod: Pod;
  readonly volume: Volume;
  /** The pod's own directory for this volume. The plug-in makes it, if it needs one. */
  readonly directory: string;
  /** What the last `publish` of this volume answered, also across restarts of the agent. */
  readonly state: PluginState;
  /** Where `stage` put it. */
  readonly staged: string | undefined;
}

export interface Published {
  /** The path that is mounted into containers. */
  readonly path: string;
  /** Mounts are read-only, whatever containers ask for. */
  readonly isReadOnly?: boolean;
  /** The mount on the host is read-only already, and stricter than a read-only mount into a container would be. */
  readonly isMountedReadOnly?: boolean;
  readonly state?: PluginState;
}

/** For volumes that a node attaches once, whatever the number of its pods that use them. */
export interface Staging {
  /** The same for every pod that shares the volume; undefined: this one is not staged. Throws as `publish` does. */
  key(pod: Pod, volume: Volume): string | undefined;
  /** Where, below the folder of plug-ins. */
  folder(key: string): string;
  /** Once per key and again after a restart, so doing it twice is harmless. */
  stage(pod: Pod, volume: Volume, directory: string): Promise<void>;
  /** After the last pod let go; objects may be gone. Again after a restart. The directory is removed afterwards. */
  unstage(key: string, directory: string): Promise<void>;
}

export interface VolumePlugin {
  /** `kubernetes.io/empty-dir` */
  readonly name: string;
  /** The field of a Volume that selects this plug-in. */
  readonly field: keyof Volume;
  /** Mounts are read-only whatever the pod asks for: the agent itself writes what is in there. */
  readonly isReadOnly: boolean;
  /** Whether its content follows an object or a clock while the pod runs: `publish` is then repeated. */
  readonly follows: boolean;
  readonly staging?: Staging;
  /** Makes it so; doing it twice is harmless. Throws Error with upstream's words. */
  publish(request: PublishRequest): Promise<Published>;
  /** Before the pod's directory is unmounted and removed. The pod's object may be gone. */
  unpublish?(volume: Volume, directory: string, state: PluginState): Promise<void>;
}

/** A kind of PersistentVolume. Those of drivers are not among them: they are staged, too. */
export interface PersistentSource {
  /** The field of its spec that selects it. */
  readonly field: keyof PersistentVolumeSpec;
  /** As a plug-in's `publish`. `isReadOnly`: the pod asked to only read the claim. */
  publish(volume: PersistentVolume, request: PublishRequest, isReadOnly: boolean): Promise<Published>;
}
