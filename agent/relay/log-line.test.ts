import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLineSplitter, formattedLine, parseLogLine } from './log-line.ts';
import { parseLogOptions } from './log-options.ts';

const parsed = (text: string) => {
  const line = parseLogLine(Buffer.from(text));
  return line === undefined ? undefined : { ...line, content: line.content.toString() };
};
const timestamp = '2026-01-01T00:00:01.5Z';

test('a line is a time, a stream, tags and the rest', () => {
  assert.deepEqual(parsed(`${timestamp} stdout F a b  c`), { timestamp, isPartial: false, content: 'a b  c' });
  assert.deepEqual(parsed(`${timestamp} stderr P half`), { timestamp, isPartial: true, content: 'half' });
  assert.deepEqual(parsed(`${timestamp} stderr P:x half`), { timestamp, isPartial: true, content: 'half' });
  assert.deepEqual(parsed(`${timestamp} stdout F`), { timestamp, isPartial: false, content: '' });
  assert.equal(parsed('torn'), undefined);
});

test('a line is shown with its time once, even when it came in parts', () => {
  const line = parseLogLine(Buffer.from(`${timestamp} stdout F text`))!;
  const format = { timestamps: true, sinceMs: undefined };
  assert.equal(String(formattedLine(line, format, false)), `${timestamp} text\n`);
  assert.equal(String(formattedLine(line, format, true)), 'text\n');
  assert.equal(String(formattedLine({ ...line, isPartial: true }, format, false)), `${timestamp} text`);
});

test('bytes are cut into lines wherever they were torn', () => {
  const split = createLineSplitter();
  const lines = ['on', 'e\ntwo\n', '\nthr', 'ee\n', 'rest'].flatMap((text) => split(Buffer.from(text)).map(String));
  assert.deepEqual(lines, ['one', 'two', '', 'three']);
});

test('what a client asks for is read from its query', () => {
  const nowMs = Date.UTC(2026, 0, 1);
  const nothing = { sinceMs: undefined, tailLines: undefined, limitBytes: undefined };
  assert.deepEqual(parseLogOptions('', nowMs), {
    container: '',
    follow: false,
    previous: false,
    timestamps: false,
    ...nothing,
  });
  const query = 'container=main&follow=true&previous=1&timestamps=true&sinceSeconds=60&tailLines=5&limitBytes=9';
  assert.deepEqual(parseLogOptions(query, nowMs), {
    container: 'main',
    follow: true,
    previous: true,
    timestamps: true,
    sinceMs: nowMs - 60_000,
    tailLines: 5,
    limitBytes: 9,
  });
});
