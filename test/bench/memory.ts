/**
 * What ten thousand pods cost in memory: `npm run bench:memory`. Each form is measured in a process of its own, after a
 * full collection: the store as it is, after a start; its compressed bodies alone; the parsed objects alone.
 */
import { spawnSync } from 'node:child_process';
import { encodeBody } from '../../functions/store/body.ts';
import { createStore } from '../../functions/store/create-store.ts';
import { deepFreeze } from '../../functions/store/deep-freeze.ts';
import { jsonText } from '../../functions/store/json-text.ts';
import { memoryTable } from '../../functions/store/memory/memory-table.ts';
import type { Stored } from '../../functions/kube/view.ts';
import type { KubeObject } from '../../functions/kube/object.ts';
import { realWorld } from '../../functions/world.ts';
import { benchPod, type PodSize } from './pods.ts';

const pods = 10_000;
const nameOf = (index: number): string => `web-5d9c8b7f6-${index}`;

async function storeOf(size: PodSize, after: (list: readonly Stored[]) => unknown = () => undefined): Promise<unknown> {
  const table = memoryTable();
  const store = await createStore({ table, world: realWorld('warn'), limits: { historyChangesMax: 1 } });
  await Promise.all(
    Array.from({ length: pods }, (_, index) => {
      const key = { resource: 'pods', namespace: 'default', name: nameOf(index) };
      const object = benchPod(key.name, size);
      return store.commit({
        keys: [key],
        decide: () => ({ outcome: 'write', writes: [{ type: 'create', key, object }], answer: () => 0 }),
      });
    }),
  );
  const list = store.view().list('pods');
  return [store, list, after(list)];
}

const forms: Readonly<Record<string, (size: PodSize) => Promise<unknown>>> = {
  'store, with the compressed log of its table': (size) => storeOf(size),
  'the same, once all were listed': (size) => storeOf(size, (list) => list.map((stored) => jsonText(stored).length)),
  'compressed bodies': async (size) =>
    Array.from({ length: pods }, (_, index) => Uint8Array.from(encodeBody(JSON.stringify(benchPod(nameOf(index), size))))),
  'parsed objects': async (size) =>
    Array.from({ length: pods }, (_, index) => deepFreeze(JSON.parse(JSON.stringify(benchPod(nameOf(index), size))) as KubeObject)),
};

const used = (): number => {
  for (let round = 0; round < 3; round += 1) gc?.();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
};

const [form, size] = process.argv.slice(2);
if (form === undefined) {
  process.stdout.write('| pod | JSON bytes | form | bytes per pod |\n| --- | --- | --- | --- |\n');
  for (const each of ['1.1 KB', '4.5 KB', '14 KB'] satisfies PodSize[]) {
    for (const name of Object.keys(forms)) {
      const { stdout } = spawnSync(process.execPath, ['--expose-gc', import.meta.filename, name, each], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      process.stdout.write(`| ${each} | ${JSON.stringify(benchPod(nameOf(1), each)).length} | ${name} | ${stdout} |\n`);
    }
  }
} else {
  const before = used();
  const held = await forms[form]?.(size as PodSize);
  process.stdout.write(String(Math.round((used() - before) / pods)));
  if (held === undefined) throw new Error(`no form ${form}`);
}
