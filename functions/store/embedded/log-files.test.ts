import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { logFiles, type LogFiles } from './log-files.ts';

async function withFiles(body: (files: LogFiles) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'log-files-'));
  try {
    await body(logFiles(join(directory, 'log')));
  } finally {
    rmSync(directory, { recursive: true });
  }
}

describe('files of the log', () => {
  test('files of the log grow at their end, whichever process writes', async () => {
    await withFiles(async (files) => {
      assert.equal(await files.open('1', false), undefined);
      const [one, other] = [await files.open('1', true), await files.open('1', false)];
      one!.append(Buffer.from('one'));
      other!.append(Buffer.from('other'));
      one!.append(Buffer.from('again'));
      await files.syncNames();
      await one!.sync();
      assert.equal(other!.size(), 13);
      assert.equal(String(await one!.read(3, 10)), 'otheragain');
      await assert.rejects(one!.read(10, 5), new Error('the file ends at 13, 2 bytes too early'));
      await Promise.all([one!.close(), other!.close()]);
    });
  });

  test('files of the log are read as they are, however much at once', async () => {
    await withFiles(async (files) => {
      const file = await files.open('1', true);
      const bytes = Buffer.from(Array.from({ length: 300_000 }, (_, index) => (index * 7919) % 251));
      file!.append(bytes);
      assert.ok(bytes.subarray(5).equals(await file!.read(5, bytes.length - 5)));
      await file!.close();
    });
  });

  test('files of the log go by their name, and stay for those who have them open', async () => {
    await withFiles(async (files) => {
      const file = await files.open('1', true);
      file!.append(Buffer.from('one'));
      await files.remove('1');
      await files.remove('1');
      assert.deepEqual(files.names(), []);
      assert.equal(String(await file!.read(0, 3)), 'one');
      await file!.close();
    });
  });
});
