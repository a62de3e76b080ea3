/** What a browser loads before the first screen, and that nothing of it names another host. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { dashboardBundle } from '../../infra/bundle/dashboard.ts';

const firstBytesMax = 350_000;

test('the first screen has at most 350 kB, compressed', async () => {
  const { files, first } = await dashboardBundle();
  const bytes = first.map((name) => files.get(name)?.length ?? Number.NaN).reduce((sum, size) => sum + size, 0);
  process.stdout.write(
    `the first screen: ${bytes} bytes in ${first.length} files; all: ${[...files.values()].reduce((sum, { length }) => sum + length, 0)}\n`,
  );
  assert.ok(bytes <= firstBytesMax, `${bytes}`);
});

test('the page holds no code and no style of its own, and loads from its own host alone', async () => {
  const { files } = await dashboardBundle();
  const page = gunzipSync(files.get('index.html') ?? assert.fail()).toString('utf8');
  assert.doesNotMatch(page, /<script(?![^>]* src=)|<style|style=|\son\w+=|https?:/);
});
