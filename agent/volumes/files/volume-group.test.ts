import assert from 'node:assert/strict';
import { chmodSync, lstatSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { giveToGroup } from './volume-group.ts';

const root = mkdtempSync(join(tmpdir(), 'group-'));
after(() => rmSync(root, { recursive: true }));
const isRoot = process.getuid?.() === 0;

let count = 0;
function tree(): string {
  const path = join(root, String((count += 1)));
  mkdirSync(join(path, 'sub'), { recursive: true });
  writeFileSync(join(path, 'sub/file'), '');
  writeFileSync(join(path, 'program'), '');
  chmodSync(path, 0o700);
  chmodSync(join(path, 'sub'), 0o700);
  chmodSync(join(path, 'sub/file'), 0o600);
  chmodSync(join(path, 'program'), 0o755);
  return path;
}

const shown = (path: string): string => {
  const { gid, mode } = statSync(path);
  return `${gid} ${(mode & 0o7777).toString(8)}`;
};

describe('a volume for a group', { skip: isRoot ? false : 'only root gives files away' }, () => {
  test('a volume for a group is given to it with all that is in there', async () => {
    const path = tree();
    await giveToGroup(path, { id: 2000, isReadOnly: false });
    assert.deepEqual(
      ['.', 'sub', 'sub/file', 'program'].map((name) => shown(join(path, name))),
      ['2000 2770', '2000 2770', '2000 660', '2000 775'],
    );
  });

  test('a volume for a group is readable only, if the pod wants to read only', async () => {
    const path = tree();
    await giveToGroup(path, { id: 2000, isReadOnly: true });
    assert.deepEqual(
      ['.', 'sub/file'].map((name) => shown(join(path, name))),
      ['2000 2750', '2000 640'],
    );
  });

  test('a volume whose root belongs to the group already is left alone under OnRootMismatch', async () => {
    const path = tree();
    await giveToGroup(path, { id: 2000, isReadOnly: false });
    chmodSync(join(path, 'sub/file'), 0o600);
    await giveToGroup(path, { id: 2000, isReadOnly: false, changePolicy: 'OnRootMismatch' });
    assert.equal(shown(join(path, 'sub/file')), '2000 600');
    await giveToGroup(path, { id: 2000, isReadOnly: false });
    assert.equal(shown(join(path, 'sub/file')), '2000 660');
  });

  test('a volume for a group gives nothing away that a link leads to', async () => {
    const [path, other] = [tree(), tree()];
    symlinkSync(other, join(path, 'link'));
    await giveToGroup(path, { id: 2000, isReadOnly: false });
    assert.equal(shown(join(other, 'sub/file')).split(' ')[0], '0');
    assert.equal(lstatSync(join(path, 'link')).gid, 0);
  });
});
