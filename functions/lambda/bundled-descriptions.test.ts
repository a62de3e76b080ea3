import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { brotliCompressSync } from 'node:zlib';
import { bundledDescriptions, descriptionsFile } from './bundled-descriptions.ts';

test('texts are read from beside the module, and may be missing', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'hibernetes-descriptions-'));
  try {
    assert.deepEqual(await bundledDescriptions(directory), {});
    const texts = { 'io.k8s.api.core.v1.Pod': { '': 'runs containers' } };
    writeFileSync(join(directory, descriptionsFile), brotliCompressSync(JSON.stringify(texts)));
    assert.deepEqual(await bundledDescriptions(directory), texts);
    writeFileSync(join(directory, descriptionsFile), 'x');
    await assert.rejects(bundledDescriptions(directory));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});
