import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { virtualWorld } from '../../test/support/virtual-world.ts';
import { loadPki } from './pki.ts';

test('the authority and the admin stay, and the server’s certificate follows its names', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'hibernetes-pki-'));
  try {
    const { clock } = virtualWorld();
    const first = await loadPki(directory, ['127.0.0.1', 'kubernetes'], clock);
    const same = await loadPki(directory, ['kubernetes', '127.0.0.1'], clock);
    assert.deepEqual([same.authority, same.admin, same.server], [first.authority, first.admin, first.server]);
    assert.equal(same.tokenKeys[0].id, first.tokenKeys[0].id);
    const moved = await loadPki(directory, ['127.0.0.1', '10.77.0.1'], clock);
    assert.deepEqual([moved.authority, moved.admin], [first.authority, first.admin]);
    assert.notEqual(moved.server.certificatePem, first.server.certificatePem);
  } finally {
    rmSync(directory, { recursive: true });
  }
});
