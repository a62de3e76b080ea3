/**
 * What ten thousand pods cost in memory: `npm run bench:memory`. Each form is measured in a process of its own, after a
 * full collection: its compressed bodies alone; the store that holds them; the parsed objects alone.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { encodeBody } from '../../functions/store/body.ts';
import { createStore } from '../../functions/store/create-store.ts';
import { deepFreeze } from '../../functions/store/deep-freeze.ts';
import { jsonText } from '../../functions/store/json-text.ts';
import type { StoreLimits } from '../../functions/store/limits.ts';
import { embeddedTable } from '../../functions/store/embedded/embedded-table.ts';
import type { Stored } from '../../functions/kube/view.ts';
import type { KubeObject } from '../../functions/kube/object.ts';
import { realWorld } from '../../functions/world.ts';
import { benchPod, type PodSize } from './pods.ts';

const podsUsual = 10_000;
/** V8 frees code that has not run for a while. The heap would shrink by that, and pods would seem smaller. */
const measuringFlags = ['--expose-gc', '--no-flush-bytecode'];

const collections = 4;
/** Held first, so that what is measured is not the code that runs. */
const podsBefore = 2000;
const nameOf = (index: number): string => `web-5d9c8b7f6-${index}`;

interface Held {
  readonly size: PodSize;
  readonly pods: number;
}

/** The table's own memory is not the process's: it is a file. */
async function storeOf({ size, pods }: Held, limits: Partial<StoreLimits>, after?: (list: readonly Stored[]) => unknown): Promise<unknown> {
  const directory = mkdtempSync(join(tmpdir(), 'bench-memory-'));
  process.once('exit', () => rmSync(directory, { recursive: true }));
  const store = await createStore({ table: embeddedTable(directory), world: realWorld('warn'), limits });
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
  after?.(store.view().list('pods'));
  return store;
}

const nothing: Partial<StoreLimits> = { parsedBytesMax: 0, textBytesMax: 0 };

const forms: Readonly<Record<string, (held: Held) => Promise<unknown>>> = {
  'compressed bodies': async ({ size, pods }) =>
    Array.from({ length: pods }, (_, index) => encodeBody(JSON.stringify(benchPod(nameOf(index), size)))),
  'store with its history, nothing decoded': (held) => storeOf(held, nothing),
  'store with its history': (held) => storeOf(held, {}),
  'the same, once all were listed and looked at': (held) =>
    storeOf(held, {}, (list) => list.map((stored) => [jsonText(stored), stored.object.metadata.name].length)),
  'parsed objects': async ({ size, pods }) =>
    Array.from({ length: pods }, (_, index) => deepFreeze(JSON.parse(JSON.stringify(benchPod(nameOf(index), size))) as KubeObject)),
};

/** Buffers are given back in the background, a little after each collection. */
async function used(): Promise<number> {
  for (let round = 0; round < collections; round += 1) {
    gc?.();
    await sleep(20);
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

const [form, size, pods = String(podsUsual)] = process.argv.slice(2);
if (form === undefined) {
  process.stdout.write('| JSON of a pod | its body | what is held | bytes per pod | MB per 10,000 |\n| --- | --- | --- | --- | --- |\n');
  for (const each of ['1.1 KB', '4.5 KB', '14 KB'] satisfies PodSize[]) {
    const json = JSON.stringify(benchPod(nameOf(1), each));
    for (const name of Object.keys(forms)) {
      const { stdout } = spawnSync(process.execPath, [...measuringFlags, import.meta.filename, name, each], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      process.stdout.write(
        `| ${json.length} | ${encodeBody(json).length} | ${name} | ${stdout} | ${(Number(stdout) / 100).toFixed(1)} |\n`,
      );
    }
  }
} else {
  const make = forms[form];
  if (make === undefined) throw new Error(`no form ${form}`);
  const first = await make({ size: size as PodSize, pods: podsBefore });
  const before = await used();
  const held = await make({ size: size as PodSize, pods: Number(pods) });
  process.stdout.write(String(Math.round(((await used()) - before) / Number(pods))));
  if (held === undefined || first === undefined) throw new Error('nothing is held');
}
