import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { encodeBody } from '../../functions/store/body.ts';
import { benchPod, type PodSize } from '../bench/pods.ts';

const script = join(import.meta.dirname, '..', 'bench', 'memory.ts');

function bytesPerPod(form: string, size: PodSize): number {
  const { stdout, stderr } = spawnSync(process.execPath, ['--expose-gc', '--no-flush-bytecode', script, form, size, '2000'], {
    encoding: 'utf8',
  });
  assert.match(stdout, /^\d+$/, stderr);
  return Number(stdout);
}

test('a pod that no reader decodes costs its compressed body and less than 1.5 KB, however large it is', () => {
  for (const size of ['1.1 KB', '14 KB'] as const) {
    const overhead =
      bytesPerPod('store with its history, nothing decoded', size) - encodeBody(JSON.stringify(benchPod('web-1', size))).length;
    assert.ok(overhead < 1500, `${overhead} bytes besides the body of a pod of ${size}`);
  }
});
