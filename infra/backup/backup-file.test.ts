import assert from 'node:assert/strict';
import { generateIdentity, identityToRecipient } from 'age-encryption';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { zstdCompressSync } from 'node:zlib';
import { type BackupKey, readBackup, sealOf, writeBackup } from './backup-file.ts';
import { BackupError, type BackupEnd, type BackupLine } from './backup-lines.ts';

type Line = Exclude<BackupLine, BackupEnd>;

const header: Line = { type: 'hibernetes-backup', version: 1, takenAt: '2100-01-01T00:00:00Z', revision: 7 };
const objectLine = (name: string): Line => ({
  type: 'object',
  resource: 'configmaps',
  object: { metadata: { name, namespace: 'default', resourceVersion: '7' } },
});
const lines: readonly Line[] = [header, { type: 'file', name: 'pki/ca.crt', text: 'PEM\n' }, ...['a', 'ü', 'c'].map(objectLine)];

async function* each<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items;
}

const all = async (file: string, key: BackupKey): Promise<Line[]> => Array.fromAsync(readBackup(file, key));
const fails = (words: RegExp) => (error: unknown) => error instanceof BackupError && words.test(error.message);

describe('a backup', () => {
  let directory = '';
  let key: BackupKey;
  let recipient = '';
  const fileOf = (name: string): string => join(directory, name);
  before(async () => {
    directory = mkdtempSync(join(tmpdir(), 'backup-'));
    const identity = await generateIdentity();
    key = { kind: 'identity', identity };
    recipient = await identityToRecipient(identity);
  });
  after(() => rmSync(directory, { recursive: true }));

  const sealed = async (name: string): Promise<string> => {
    await writeBackup(fileOf(name), each(lines), { kind: 'recipient', recipient });
    return fileOf(name);
  };

  test('a backup sealed for a recipient is read by the holder of the identity alone', async () => {
    const file = await sealed('recipient');
    assert.equal(await sealOf(file), 'sealed');
    assert.equal(statSync(file).mode & 0o777, 0o600);
    assert.deepEqual(await all(file, key), lines);
    const other: BackupKey = { kind: 'identity', identity: await generateIdentity() };
    await assert.rejects(all(file, other), fails(/does not open with this key/));
  });

  test('a backup sealed with a passphrase is read with it alone', async () => {
    const file = fileOf('passphrase');
    const passphrase = 'correct horse';
    await writeBackup(file, each(lines), { kind: 'passphrase', passphrase, workFactor: 4 });
    assert.deepEqual(await all(file, { kind: 'passphrase', passphrase }), lines);
    await assert.rejects(all(file, { kind: 'passphrase', passphrase: 'wrong' }), fails(/does not open with this key/));
    assert.ok(!readFileSync(file).includes('configmaps'));
  });

  test('a backup that is not sealed is recognised by its first bytes', async () => {
    const file = fileOf('open');
    await writeBackup(file, each(lines), { kind: 'none' });
    assert.equal(await sealOf(file), 'none');
    assert.deepEqual(await all(file, { kind: 'none' }), lines);
  });

  test('a backup cut off anywhere is refused', async () => {
    const bytes = readFileSync(await sealed('whole'));
    const open = fileOf('whole-open');
    await writeBackup(open, each(lines), { kind: 'none' });
    const plain = readFileSync(open);
    for (const part of [0, 0.2, 0.5, 0.9]) {
      writeFileSync(fileOf('cut'), bytes.subarray(0, bytes.length * part));
      await assert.rejects(all(fileOf('cut'), key), BackupError, `${part} of the sealed one`);
      writeFileSync(fileOf('cut'), plain.subarray(0, plain.length * part));
      await assert.rejects(all(fileOf('cut'), { kind: 'none' }), BackupError, `${part} of the open one`);
    }
  });

  test('a backup with a flipped bit anywhere is refused', async () => {
    const bytes = readFileSync(await sealed('right'));
    for (let at = 0; at < bytes.length; at += 37) {
      const wrong = Buffer.from(bytes);
      wrong[at] = (wrong[at] ?? 0) ^ 1;
      writeFileSync(fileOf('wrong'), wrong);
      await assert.rejects(all(fileOf('wrong'), key), BackupError, `byte ${at}`);
    }
  });

  const written: readonly (readonly [string, readonly object[], RegExp])[] = [
    ['lines are missing', [header, { type: 'end', objects: 1, sha256: '' }], /checksum is wrong/],
    ['something follows the end', [header, { type: 'end', objects: 0, sha256: '' }, header], /follows its end/],
    ['the end is missing', [header], /its end is missing/],
    ['the header is missing', [{ type: 'object' }], /no backup/],
    ['the version is a later one', [{ ...header, version: 2 }], /version 2/],
  ];
  for (const [what, parts, words] of written)
    test(`a backup of which ${what} is refused`, async () => {
      writeFileSync(fileOf('made'), zstdCompressSync(parts.map((part) => `${JSON.stringify(part)}\n`).join('')));
      await assert.rejects(all(fileOf('made'), { kind: 'none' }), fails(words));
    });

  test('a backup that cannot be read to its end leaves no file', async () => {
    async function* broken(): AsyncGenerator<Line> {
      yield header;
      throw new BackupError('the cluster went away');
    }
    await assert.rejects(writeBackup(fileOf('never'), broken(), { kind: 'none' }), fails(/went away/));
    assert.ok(!existsSync(fileOf('never')) && !existsSync(fileOf('never.draft')));
  });

  test('a backup replaces a former one only when it is whole', async () => {
    const file = await sealed('former');
    const before = readFileSync(file);
    async function* broken(): AsyncGenerator<Line> {
      yield header;
      throw new BackupError('the cluster went away');
    }
    await assert.rejects(writeBackup(file, broken(), { kind: 'recipient', recipient }), BackupError);
    assert.deepEqual(readFileSync(file), before);
  });

  test('no backup is written for a recipient that is none', async () => {
    await assert.rejects(writeBackup(fileOf('no'), each(lines), { kind: 'recipient', recipient: 'age1nobody' }), fails(/no recipient/));
  });

  test('a backup is distinguished from other files', async () => {
    writeFileSync(fileOf('text'), 'hello, world, this is a text');
    await assert.rejects(sealOf(fileOf('text')), fails(/no backup/));
  });
});
