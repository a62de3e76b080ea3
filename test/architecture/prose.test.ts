/**
 * The reader of comments and test names never saw this project. Each sentence names its actor, and states one
 * fact in at most twenty words. Each finding is reported with the words to use instead.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { complaintsAbout, documentComplaints } from './prose.ts';
import { documents, sourceFiles } from './sources.ts';

test('comments and test names use plain words and short sentences', () => {
  // The files beside this one hold the words as examples.
  const files = sourceFiles().filter(({ path }) => !path.startsWith('test/architecture/'));
  assert.deepEqual(files.flatMap(complaintsAbout), []);
});

test('documents use plain words', () => {
  assert.deepEqual(documents().flatMap(documentComplaints), []);
});

test('code, quotes and links in a document are no prose', () => {
  const text = '# Nobody\n`say` "tell" [docs](look.md)\n```\nsay\n```\n';
  assert.deepEqual(documentComplaints({ path: 'a.md', text }), ['a.md:1: "Nobody": name the actor: no client, no process, no test']);
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
