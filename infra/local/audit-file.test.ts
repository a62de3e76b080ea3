import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { virtualWorld } from '../../test/support/virtual-world.ts';
import { openAuditFile } from './audit-file.ts';

test('lines stand in their order in a file for its owner, which is moved aside when it is full', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'audit-'));
  try {
    const world = virtualWorld();
    const path = join(directory, 'audit.log');
    const file = openAuditFile({ path, megabytesMax: 0.001, daysMax: 1, backupsMax: 2 }, world);
    const line = (n: number): string => `${n}`.padStart(500, ' ');
    for (let n = 0; n < 8; n += 1) {
      file.write(line(n));
      await file.close();
      await world.advance(1000);
    }
    const names = readdirSync(directory).toSorted();
    assert.equal(names.length, 3);
    assert.match(names[0] ?? '', /^audit-\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.\d{3}\.log$/);
    const text = names.map((name) => readFileSync(join(directory, name), 'utf8')).join('');
    assert.equal(
      text,
      [3, 4, 5, 6, 7]
        .map((n) => `${line(n)}\n`)
        .join('')
        .slice(-text.length),
    );
    assert.equal(statSync(path).mode & 0o777, 0o600);
    await world.advance(2 * 24 * 3_600_000);
    file.write(line(8));
    file.write(line(9));
    await file.close();
    assert.equal(readdirSync(directory).length, 2);
  } finally {
    rmSync(directory, { recursive: true });
  }
});
