import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileKeyRing, rotateKeys } from './cluster-keys.ts';

test('a running ring takes up a key that was made beside it, and keeps the former ones', () => {
  const directory = mkdtempSync(join(tmpdir(), 'cluster-keys-'));
  try {
    const ring = fileKeyRing(directory);
    const first = ring.current();
    assert.equal(statSync(join(directory, 'cluster-keys.json')).mode & 0o777, 0o600);
    const [second = '', ...former] = rotateKeys(directory);
    assert.deepEqual(former, [first.id]);
    assert.equal(ring.current().id, second);
    assert.deepEqual(ring.find(first.id), first);
    assert.equal(fileKeyRing(directory).current().id, second);
    assert.equal(ring.find('00'), undefined);
  } finally {
    rmSync(directory, { recursive: true });
  }
});
