import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { imageTar } from './image-tar.ts';
import { pauseImageTar, pauseProgram } from './pause.ts';
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

describe('the pause program', () => {
  for (const [architecture, machine] of [
    ['amd64', 62],
    ['arm64', 183],
  ] as const) {
    test(`the pause program for ${architecture} is an ELF file that the kernel loads whole and enters at its code`, () => {
      const file = pauseProgram(architecture);
      const at = (offset: number): number => Number(file.readBigUInt64LE(offset));
      assert.equal(file.subarray(0, 7).toString('latin1'), '\x7fELF\x02\x01\x01');
      assert.deepEqual([file.readUInt16LE(16), file.readUInt16LE(18), file.readUInt32LE(20)], [2, machine, 1]);
      const [entry, programHeaders] = [at(24), at(32)];
      assert.deepEqual([programHeaders, file.readUInt16LE(54), file.readUInt16LE(56)], [64, 56, 1]);
      const [offset, address, fileBytes, memoryBytes] = [72, 80, 96, 104].map(at);
      assert.deepEqual([file.readUInt32LE(64), file.readUInt32LE(68)], [1, 5], 'loaded to be read and run');
      assert.deepEqual([offset, fileBytes, memoryBytes], [0, file.length, file.length]);
      assert.equal(entry, address! + 64 + 56);
    });
  }

  test(
    'the pause program runs until it is killed',
    { skip: process.platform === 'linux' && process.arch === 'x64' ? false : 'made for Linux on amd64' },
    async () => {
      const directory = mkdtempSync(join(tmpdir(), 'pause-'));
      const path = join(directory, 'pause');
      writeFileSync(path, pauseProgram('amd64'), { mode: 0o755 });
      const child = spawn(path, { stdio: 'ignore' });
      await once(child, 'spawn');
      assert.equal(child.exitCode, null);
      child.kill('SIGKILL');
      assert.deepEqual(await once(child, 'exit'), [null, 'SIGKILL']);
      rmSync(directory, { recursive: true });
    },
  );
});

test('the pause image’s configuration names its program, its user and its layer', () => {
  const archive = pauseImageTar('registry.k8s.io/pause:3.9', 'amd64');
  const read = (name: string): string => execFileSync('tar', ['-xOf', '-', name], { input: archive, encoding: 'utf8' });
  const [manifest] = JSON.parse(read('manifest.json')) as [{ Config: string; RepoTags: string[]; Layers: string[] }];
  assert.deepEqual(manifest.RepoTags, ['registry.k8s.io/pause:3.9']);
  const config = JSON.parse(read(manifest.Config)) as {
    architecture: string;
    config: Record<string, unknown>;
    rootfs: { diff_ids: string[] };
  };
  assert.deepEqual([config.architecture, config.config['Entrypoint'], config.config['User']], ['amd64', ['/pause'], '65535:65535']);
  assert.equal(manifest.Layers[0], `${config.rootfs.diff_ids[0]!.replace('sha256:', '')}/layer.tar`);
});

test('images of one archive share the layer below them', () => {
  const base = [{ path: 'etc/base', content: 'base' }];
  const image = (name: string) => ({ names: [`docker.io/library/${name}:v1`], below: [base], files: [{ path: name, content: name }] });
  const archive = imageTar(image('a'), image('b'));
  const manifest = JSON.parse(execFileSync('tar', ['-xOf', '-', 'manifest.json'], { input: archive, encoding: 'utf8' })) as {
    RepoTags: string[];
    Layers: string[];
  }[];
  assert.deepEqual(
    manifest.map(({ RepoTags }) => RepoTags),
    [['docker.io/library/a:v1'], ['docker.io/library/b:v1']],
  );
  assert.equal(manifest[0]!.Layers[0], manifest[1]!.Layers[0]);
  assert.notEqual(manifest[0]!.Layers[1], manifest[1]!.Layers[1]);
  assert.equal(listing(archive).filter((line) => line.endsWith('/layer.tar')).length, 3);
});
