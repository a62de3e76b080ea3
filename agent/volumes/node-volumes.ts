/** The volumes of a real node: directories and mounts below the agent's root. */
import { execFile } from 'node:child_process';
import { readFile, rm } from 'node:fs/promises';
import { promisify } from 'node:util';
import type { Pod, Volume } from '../../functions/kube/generated/types.ts';
import type { Directories } from '../pods/directories.ts';
import { specOf } from '../pods/pod-facts.ts';
import { kindOfVolume, type volumePlugins } from './plugins.ts';
import { VolumeError, type VolumePlugin, type Volumes } from './volumes.ts';

const run = promisify(execFile);

export function createNodeVolumes(options: {
  readonly directories: Directories;
  readonly plugins: ReturnType<typeof volumePlugins>;
}): Volumes {
  const { directories, plugins } = options;

  const pluginOf = (volume: Volume): VolumePlugin => {
    const plugin = plugins.find((each) => each.matches(volume));
    if (plugin === undefined) throw new VolumeError(volume.name, `volumes of type ${kindOfVolume(volume)} are not supported by this node`);
    return plugin;
  };

  const setUpOne = async (pod: Pod, volume: Volume): Promise<string> => {
    try {
      return await pluginOf(volume).setUp(pod, volume);
    } catch (error) {
      if (error instanceof VolumeError || !(error instanceof Error)) throw error;
      throw new VolumeError(volume.name, error.message, error);
    }
  };

  return {
    async setUp(pod) {
      const paths = new Map<string, string>();
      for (const volume of specOf(pod).volumes ?? []) paths.set(volume.name, await setUpOne(pod, volume));
      return paths;
    },
    async refresh(pod) {
      for (const volume of specOf(pod).volumes ?? []) if (pluginOf(volume).follows) await setUpOne(pod, volume);
    },
    async tearDown(podUid) {
      for (const path of await mountsBelow(directories.pod(podUid))) await run('umount', ['-l', path]);
      await rm(directories.pod(podUid), { recursive: true, force: true });
    },
  };
}

/** Deepest first. Nothing below a mount that is still there may be removed: it is not ours. */
async function mountsBelow(directory: string): Promise<string[]> {
  const paths = (await readFile('/proc/self/mountinfo', 'utf8')).split('\n').map((line) => line.split(' ')[4] ?? '');
  return paths.filter((path) => path.startsWith(`${directory}/`)).toReversed();
}
