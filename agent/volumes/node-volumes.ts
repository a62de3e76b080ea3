/** The volumes of a real node: directories and mounts below the agent's root. */
import { basename, dirname, join } from 'node:path';
import type { Pod, Volume } from '../../functions/kube/generated/types.ts';
import { deepEqual } from '../../functions/kube/equality.ts';
import { uidOf } from '../../functions/kube/object.ts';
import { Directory, passageMode } from '../files/directory.ts';
import { errorCode } from '../files/error-code.ts';
import { unmountAll } from '../files/mounts.ts';
import { removeTree } from '../files/remove-tree.ts';
import type { Directories } from '../pods/directories.ts';
import { specOf } from '../pods/pod-facts.ts';
import { semaphore, type Semaphore } from '../pods/semaphore.ts';
import { kindOfVolume } from './all-plugins.ts';
import type { Published, Staging, VolumePlugin } from './plugin.ts';
import { createVolumeRecords, type VolumeRecord, type VolumeRecords } from './volume-records.ts';
import { VolumeError, type PodVolume, type Volumes } from './volumes.ts';

export interface NodeVolumesOptions {
  readonly directories: Directories;
  readonly plugins: readonly VolumePlugin[];
  /** Filled with where volumes are on the host, by pod and name, for those who measure them. */
  readonly published?: Map<string, ReadonlyMap<string, string>>;
}

interface StageRequest {
  readonly pod: Pod;
  readonly volume: Volume;
  readonly key: string;
}

export const createNodeVolumes = (options: NodeVolumesOptions): Volumes => new NodeVolumes(options);

class NodeVolumes implements Volumes {
  readonly #directories: Directories;
  readonly #plugins: readonly VolumePlugin[];
  readonly #published: Map<string, ReadonlyMap<string, string>>;
  readonly #records: VolumeRecords;
  /** What is staged is counted and changed by one pod at a time. */
  readonly #staging: Semaphore = semaphore(1);

  constructor({ directories, plugins, published = new Map() }: NodeVolumesOptions) {
    this.#published = published;
    this.#directories = directories;
    this.#plugins = plugins;
    this.#records = createVolumeRecords(directories);
  }

  async setUp(pod: Pod): Promise<ReadonlyMap<string, PodVolume>> {
    const volumes = new Map<string, PodVolume>();
    for (const volume of specOf(pod).volumes ?? []) {
      const { path, isReadOnly = this.#pluginOf(volume).isReadOnly, isMountedReadOnly } = await this.#publish(pod, volume);
      volumes.set(volume.name, { path, isReadOnly, ...(isMountedReadOnly === undefined ? {} : { isMountedReadOnly }) });
    }
    this.#published.set(uidOf(pod), new Map([...volumes].map(([name, { path }]) => [name, path])));
    return volumes;
  }

  async refresh(pod: Pod): Promise<void> {
    for (const volume of specOf(pod).volumes ?? []) if (this.#pluginOf(volume).follows) await this.#publish(pod, volume);
  }

  async tearDown(podUid: string): Promise<void> {
    this.#published.delete(podUid);
    const records = await this.#records.ofPod(podUid);
    for (const record of records) {
      const plugin = this.#plugins.find(({ name }) => name === record.plugin);
      await plugin?.unpublish?.(record.volume, this.#directoryOf(podUid, record), record.state);
    }
    const directory = this.#directories.pod(podUid);
    await unmountAll(directory);
    await this.#staging.run(async () => {
      // The records go last: what could not be unstaged is tried again.
      for (const record of records) await this.#unstage(podUid, record);
      await this.#remove(this.#directories.pods, podUid);
      this.#records.forget(podUid);
    });
  }

  async staged(): Promise<readonly string[]> {
    return this.#records.staged();
  }

  #pluginOf(volume: Volume): VolumePlugin {
    const plugin = this.#plugins.find(({ field }) => volume[field] !== undefined);
    if (plugin === undefined) throw new VolumeError(volume.name, `volumes of type ${kindOfVolume(volume)} are not supported by this node`);
    return plugin;
  }

  #directoryOf(podUid: string, { plugin, volume }: Pick<VolumeRecord, 'plugin' | 'volume'>): string {
    return this.#directories.volume(podUid, plugin, volume.name);
  }

  async #publish(pod: Pod, volume: Volume): Promise<Published> {
    try {
      return await this.#publishWith(this.#pluginOf(volume), pod, volume);
    } catch (error) {
      if (error instanceof VolumeError || !(error instanceof Error)) throw error;
      throw new VolumeError(volume.name, error.message, error);
    }
  }

  async #publishWith(plugin: VolumePlugin, pod: Pod, volume: Volume): Promise<Published> {
    const podUid = uidOf(pod);
    const before = await this.#records.read(podUid, volume.name);
    const state = before?.plugin === plugin.name ? before.state : {};
    const stagedAs = plugin.staging?.key(pod, volume);
    const record = { plugin: plugin.name, volume, state, ...(stagedAs === undefined ? {} : { stagedAs }) };
    // Before anything is made, so that a restart in between finds what is to be taken away.
    await this.#remember(podUid, before, record);
    const { staging } = plugin;
    const staged = staging === undefined || stagedAs === undefined ? undefined : await this.#stage(staging, { pod, volume, key: stagedAs });
    const published = await plugin.publish({ pod, volume, directory: this.#directoryOf(podUid, record), state, staged });
    await this.#remember(podUid, record, { ...record, state: published.state ?? {} });
    return published;
  }

  async #remember(podUid: string, before: VolumeRecord | undefined, record: VolumeRecord): Promise<void> {
    if (!deepEqual(before, record)) await this.#records.write(podUid, record);
  }

  async #stage(staging: Staging, { pod, volume, key }: StageRequest): Promise<string> {
    const directory = join(this.#directories.staged, staging.folder(key));
    await this.#staging.run(async () => {
      await using _made = await Directory.make(directory, passageMode);
      await staging.stage(pod, volume, directory);
    });
    return directory;
  }

  async #unstage(podUid: string, { plugin: name, stagedAs }: VolumeRecord): Promise<void> {
    const staging = this.#plugins.find((plugin) => plugin.name === name)?.staging;
    if (staging === undefined || stagedAs === undefined) return;
    if ((await this.#records.usersOf(stagedAs)).some((user) => user !== podUid)) return;
    const directory = join(this.#directories.staged, staging.folder(stagedAs));
    await staging.unstage(stagedAs, directory);
    await unmountAll(directory);
    await this.#remove(dirname(directory), basename(directory));
  }

  async #remove(parentPath: string, name: string): Promise<void> {
    try {
      await using parent = await Directory.open(parentPath);
      await using trash = await Directory.make(this.#directories.trash, 0o700);
      await removeTree(parent, name, trash);
    } catch (error) {
      if (errorCode(error) !== 'ENOENT') throw error;
    }
  }
}
