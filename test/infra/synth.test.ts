/** The way in which people do it: bundles and all, without credentials and without a network. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { globSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { configurationNames } from './templates.ts';

const root = join(import.meta.dirname, '../..');
const limitMs = 60_000;

test('all configurations are synthesized within a minute, without credentials and without a network', () => {
  const directory = mkdtempSync(join(tmpdir(), 'hibernetes-synth-'));
  try {
    const nowhere = 'http://127.0.0.1:9';
    const { status, stderr } = spawnSync(process.execPath, ['infra/aws/synth.ts', directory], {
      cwd: root,
      env: { PATH: process.env['PATH'], HOME: directory, HTTPS_PROXY: nowhere, AWS_EC2_METADATA_DISABLED: 'true' },
      timeout: limitMs,
      encoding: 'utf8',
    });
    assert.equal(status, 0, stderr);
    assert.deepEqual(
      globSync('*/*.template.json', { cwd: directory }).toSorted(),
      configurationNames.map((name) => `${name}/Hibernetes.template.json`).toSorted(),
    );
    // Each function's own code, and not one for all.
    assert.ok(globSync('defaults/asset.*/index.mjs', { cwd: directory }).length >= 6);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});
