/** A PersistentVolume that is a directory of this node. Source: pkg/volume/local/local.go. */
import { stat } from 'node:fs/promises';
import { orUndefined } from '../../files/error-code.ts';
import { specOf } from '../../pods/pod-facts.ts';
import { giveToGroup } from '../files/volume-group.ts';
import { makeLocalPath } from '../local-path/local-path.ts';
import type { PersistentSource, PluginState, PublishRequest } from '../plugin.ts';

export const localSource: PersistentSource = {
  field: 'local',
  async publish(volume, request, isReadOnly) {
    const path = volume.spec.local?.path ?? '';
    await makeLocalPath(volume);
    if ((await orUndefined(stat(path))) === undefined) throw new Error(`path "${path}" does not exist`);
    return { path, state: await giveToPod(path, request, isReadOnly) };
  },
};

/** Once for each pod, and not again when the agent restarts. */
async function giveToPod(path: string, { pod, state }: PublishRequest, isReadOnly: boolean): Promise<PluginState> {
  const { fsGroup, fsGroupChangePolicy } = specOf(pod).securityContext ?? {};
  if (fsGroup === undefined || state['group'] === String(fsGroup)) return state;
  await giveToGroup(path, { id: fsGroup, isReadOnly, changePolicy: fsGroupChangePolicy });
  return { group: String(fsGroup) };
}
