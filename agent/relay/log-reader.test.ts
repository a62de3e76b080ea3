import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { virtualWorld } from '../../test/support/virtual-world.ts';
import { parseLogOptions } from './log-options.ts';
import { readLog } from './log-reader.ts';

const directory = mkdtempSync(join(tmpdir(), 'log-'));
after(() => rmSync(directory, { recursive: true }));

const path = join(directory, '0.log');
const time = (second: number): string => `2026-01-01T00:00:0${second}.000000000Z`;
writeFileSync(
  path,
  `${time(1)} stdout F one\n${time(2)} stderr P tw\n${time(2)} stderr F o\n${time(3)} stdout F \n${time(4)} stdout F four\n`,
);

async function read(query: string): Promise<string> {
  const { clock } = virtualWorld(1, Date.UTC(2026, 0, 1, 0, 0, 5));
  const chunks: Buffer[] = [];
  const options = parseLogOptions(query, clock.now());
  const source = { path, options, isOpen: async () => false, clock, signal: new AbortController().signal };
  for await (const chunk of readLog(source)) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

test('gives lines without their frame, partial ones joined', async () => {
  assert.equal(await read('container=main'), 'one\ntwo\n\nfour\n');
});

test('gives the last lines, those since a time, with times, up to a size', async () => {
  assert.equal(await read('tailLines=2'), '\nfour\n');
  assert.equal(await read('tailLines=0'), '');
  assert.equal(await read('sinceSeconds=2'), '\nfour\n');
  assert.equal(await read(`sinceTime=${time(4)}`), 'four\n');
  assert.equal(await read('timestamps=true&tailLines=1'), `${time(4)} four\n`);
  assert.equal(await read('limitBytes=5'), 'one\nt');
});
