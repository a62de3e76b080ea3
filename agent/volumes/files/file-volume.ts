/** Volumes whose files the agent writes: containers only read them. */
import type { Pod, Volume } from '../../../functions/kube/generated/types.ts';
import { Directory } from '../../files/directory.ts';
import { specOf } from '../../pods/pod-facts.ts';
import type { PluginOptions } from '../plugin-options.ts';
import type { VolumePlugin } from '../plugin.ts';
import { writeAtomically, type Files } from './atomic-files.ts';

export interface FileVolume {
  readonly name: string;
  readonly field: keyof Volume;
  /** Files that must not reach the disk. */
  readonly isInMemory: boolean;
  readonly filesOf: (pod: Pod, volume: Volume) => Files | Promise<Files>;
}

export function fileVolume({ stamp, mountMemory }: PluginOptions, { name, field, isInMemory, filesOf }: FileVolume): VolumePlugin {
  return {
    name,
    field,
    isReadOnly: true,
    follows: true,
    async publish({ pod, volume, directory, state }) {
      const files = await filesOf(pod, volume);
      if (isInMemory) {
        await using _made = await Directory.make(directory);
        await mountMemory(directory);
      }
      await using root = await Directory.make(directory);
      const current = await writeAtomically(root, files, {
        stamp: stamp(),
        groupId: specOf(pod).securityContext?.fsGroup,
        current: state['current'],
      });
      return { path: directory, state: { current } };
    },
  };
}
