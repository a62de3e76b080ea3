import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { Pod, Volume } from '../../functions/kube/generated/types.ts';
import { pod } from '../../test/support/node-pod.ts';
import { directories } from '../pods/directories.ts';
import { createNodeVolumes } from './node-volumes.ts';
import type { VolumePlugin } from './plugin.ts';
import type { Volumes } from './volumes.ts';

const root = mkdtempSync(join(tmpdir(), 'staging-'));
after(() => rmSync(root, { recursive: true }));

/** A kind that is attached once for all pods of the node, and that made something elsewhere for each. */
function attached() {
  const where = directories(join(root, String(Math.floor(performance.now() * 1000))));
  const steps: string[] = [];
  const short = (path: string): string => path.split('/').at(-1)!;
  const plugin: VolumePlugin = {
    name: 'example.com/disk',
    field: 'nfs',
    isReadOnly: false,
    follows: false,
    staging: {
      key: (_pod, volume) => volume.nfs!.path,
      folder: () => 'example.com~disk/a',
      stage: async (_pod, volume, directory) => void steps.push(`stage ${volume.nfs!.path} ${existsSync(directory)}`),
      unstage: async (key) => void steps.push(`unstage ${key}`),
    },
    async publish({ pod: of, volume, staged = '', state }) {
      steps.push(`publish ${volume.name} of ${of.metadata.uid} from ${short(staged)} with ${state['handle'] ?? 'nothing'}`);
      return { path: staged, state: { handle: `h-${of.metadata.uid}` } };
    },
    unpublish: async (volume, _directory, state) => void steps.push(`unpublish ${volume.name} ${state['handle']}`),
  };
  const start = (): Volumes => createNodeVolumes({ directories: where, plugins: [plugin] });
  return { where, steps, start };
}
const disk: Volume = { name: 'disk', nfs: { server: 's', path: '/a' } };
const using = (uid: string): Pod => pod({ volumes: [disk] }, { uid });
const taken = (steps: string[]): string[] => steps.splice(0).map((step) => step.replace(/from \w+/, 'from there'));

test('a volume is staged before its first pod and unstaged after its last, across restarts of the agent', async () => {
  const { where, steps, start } = attached();
  const before = start();
  await before.setUp(using('u1'));
  await before.setUp(using('u2'));
  assert.deepEqual(taken(steps), [
    'stage /a true',
    'publish disk of u1 from there with nothing',
    'stage /a true',
    'publish disk of u2 from there with nothing',
  ]);
  const later = start();
  await later.tearDown('u1');
  assert.deepEqual(taken(steps), ['unpublish disk h-u1']);
  await later.setUp(using('u2'));
  assert.deepEqual(taken(steps), ['stage /a true', 'publish disk of u2 from there with h-u2']);
  await start().tearDown('u2');
  assert.deepEqual(taken(steps), ['unpublish disk h-u2', 'unstage /a']);
  assert.deepEqual(readdirSync(where.pods), []);
  assert.deepEqual(readdirSync(join(where.staged, 'example.com~disk')), []);
});
