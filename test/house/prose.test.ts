/**
 * Comments and test names are read by somebody who never saw this project. Each sentence names its actor, and states one
 * fact in at most twenty words. What is found in a room is listed with the words to use instead.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { complaintsAbout } from './prose.ts';
import { sourceFiles } from './sources.ts';

/** Findings that a room had when the rule came. A number may only become smaller; rooms without one have none. */
const open: Readonly<Record<string, number>> = {
  'functions/controllers': 100,
};

const roomOf = (path: string): string => path.split('/').slice(0, -1).slice(0, 2).join('/');

test('comments and test names use plain words and short sentences', () => {
  const found = new Map<string, string[]>();
  for (const file of sourceFiles()) {
    // These hold the words as examples.
    if (file.path.startsWith('test/house/')) continue;
    found.set(roomOf(file.path), [...(found.get(roomOf(file.path)) ?? []), ...complaintsAbout(file)]);
  }
  const grown = [...found].filter(([room, complaints]) => complaints.length > (open[room] ?? 0));
  assert.deepEqual(
    grown.flatMap(([room, complaints]) => [`${room}: ${complaints.length} instead of ${open[room] ?? 0} at most`, ...complaints]),
    [],
  );
});

test('a complaint names the place, the word and what to write instead', () => {
  const text = '/** Nobody is told. */\nexport const a = 1; // The store reads.\n';
  assert.deepEqual(complaintsAbout({ path: 'a.ts', text }), [
    'a.ts:1: "Nobody": name the actor: no client, no process, no test: Nobody is told.',
    'a.ts:1: "told": report, return, pass, show: Nobody is told.',
  ]);
});

test('a sentence has its limit, quoted code counts as one word', () => {
  const words = (count: number): string => Array.from({ length: count }, () => 'word').join(' ');
  const complaints = (text: string): readonly string[] => complaintsAbout({ path: 'a.ts', text });
  assert.deepEqual(complaints(`// ${words(20)}. ${words(20)}.\n`), []);
  assert.deepEqual(complaints(`// ${words(19)} \`${words(9)}\`\n`), []);
  assert.equal(complaints(`// ${words(11)}\n// ${words(10)}\n`).length, 1);
});
