import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { renameUnlessThere } from './rename.ts';

test('of two that make the same directory, the first is kept and the second leaves nothing', () => {
  const root = mkdtempSync(join(tmpdir(), 'rename-'));
  try {
    const [first, second, directory] = [join(root, 'first'), join(root, 'second'), join(root, 'made')];
    for (const made of [first, second]) {
      mkdirSync(made);
      writeFileSync(join(made, 'from'), made);
      renameUnlessThere(made, directory);
    }
    assert.equal(readFileSync(join(directory, 'from'), 'utf8'), first);
    assert.equal(existsSync(second), false);
  } finally {
    rmSync(root, { recursive: true });
  }
});
