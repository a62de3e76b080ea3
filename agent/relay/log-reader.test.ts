import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
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

/** A log that is written while it is read. */
function following(query: string) {
  const file = join(directory, `${Math.trunc(performance.now() * 1000)}.log`);
  const world = virtualWorld();
  const end = new AbortController();
  let isOpen = true;
  let text = '';
  const write = (...lines: string[]): void => appendFileSync(file, lines.map((line) => `${time(1)} stdout F ${line}\n`).join(''));
  write('one');
  const options = parseLogOptions(query, world.clock.now());
  const source = { path: file, options, isOpen: async () => isOpen, clock: world.clock, signal: end.signal };
  let ended = false;
  const read = async (): Promise<void> => {
    for await (const chunk of readLog(source)) text += chunk.toString();
    ended = true;
  };
  const reading = read();
  /** Files take real time: the clock is moved until it is so, or long enough to be sure that it will not be. */
  const until = async (isSo: () => boolean): Promise<void> => {
    for (let turn = 0; turn < 1000 && !isSo(); turn += 1) await world.advance(500);
  };
  const hears = async (wanted: string): Promise<void> => {
    await until(() => text === wanted);
    assert.equal(text, wanted);
  };
  const ends = async (): Promise<void> => {
    await until(() => ended);
    await reading;
  };
  return { file, write, hears, ends, abort: () => end.abort(), close: () => (isOpen = false) };
}

describe('a log that is followed', () => {
  test('a log that is followed goes on until its container has ended, to the last line', async () => {
    const { write, hears, ends, close } = following('follow=true');
    await hears('one\n');
    write('two', 'three');
    await hears('one\ntwo\nthree\n');
    write('last');
    close();
    await ends();
    await hears('one\ntwo\nthree\nlast\n');
  });

  test('following a log goes on in the new file after a rotation, and misses nothing of the old one', async () => {
    const { file, write, hears, ends, close } = following('follow=true&tailLines=1');
    await hears('one\n');
    renameSync(file, `${file}.1`);
    appendFileSync(`${file}.1`, `${time(2)} stdout F old\n`);
    await hears('one\nold\n');
    appendFileSync(`${file}.1`, `${time(2)} stdout F older\n`);
    write('new');
    await hears('one\nold\nolder\nnew\n');
    close();
    await ends();
  });

  test('a log that is followed ends when the client does', async () => {
    const { hears, ends, abort } = following('follow=true');
    await hears('one\n');
    abort();
    await ends();
  });

  test('a log that is followed of a container that has ended is only read', async () => {
    const { hears, ends, close } = following('follow=true');
    close();
    await ends();
    await hears('one\n');
  });
});
