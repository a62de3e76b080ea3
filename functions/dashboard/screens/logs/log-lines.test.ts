import assert from 'node:assert/strict';
import { test } from 'node:test';
import { found, isNewer, lineOf, merged } from './log-lines.ts';

const line = (second: number, text = `${second}`, from = 'web/main') => lineOf(from, `2026-01-01T00:00:0${second}.000000000Z ${text}`);

test('a line has its time and its text, without the colours of a terminal', () => {
  assert.deepEqual(line(1, '\u001b[31mred\u001b[0m \u001b]0;title\u0007tab\tkept'), {
    from: 'web/main',
    time: '2026-01-01T00:00:01.000000000Z',
    text: 'red tab\tkept',
  });
  assert.deepEqual(lineOf('x', 'nospace'), { from: 'x', time: 'nospace', text: '' });
});

test('lines of several containers stand in the order of their times', () => {
  const texts = merged([line(1), line(4)], [line(3), line(2, '2', 'db/main')]).map(({ text }) => text);
  assert.deepEqual(texts, ['1', '2', '3', '4']);
});

test('a search finds texts and containers', () => {
  const lines = [line(1, 'An Error'), line(2, 'fine'), line(3, 'x', 'db/main')];
  assert.deepEqual(
    ['error', 'db/', ''].map((search) => found(lines, search).length),
    [1, 1, 3],
  );
});

test('only what is newer than the last line is new', () => {
  assert.deepEqual([isNewer(line(2), line(1)), isNewer(line(1), line(1)), isNewer(line(1), undefined)], [true, false, true]);
});

test('the oldest lines go when there are too many', () => {
  const many = Array.from({ length: 20_005 }, (_, index) => lineOf('a', `${String(index).padStart(6, '0')} x`));
  const kept = merged([], many);
  assert.deepEqual([kept.length, kept[0]?.time], [20_000, '000005']);
});
