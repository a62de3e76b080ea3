import assert from 'node:assert/strict';
import { test } from 'node:test';
import { listOptionsOf } from './request-options.ts';

const limitOf = (text: string): number => listOptionsOf(new URLSearchParams({ limit: text }), false).limit;

test('a limit is an integer of 64 bits', () => {
  for (const text of ['0', '-1', '500', '9007199254740991']) assert.equal(limitOf(text), Number(text));
  for (const [text, why] of [
    ['abc', 'invalid syntax'],
    ['1.5', 'invalid syntax'],
    ['9223372036854775808', 'value out of range'],
    ['99999999999999999999', 'value out of range'],
  ])
    assert.throws(() => limitOf(text!), { code: 400, message: `strconv.ParseInt: parsing ${JSON.stringify(text)}: ${why}` });
});
