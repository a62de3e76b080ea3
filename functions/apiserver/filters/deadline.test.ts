import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deadlineSeconds } from './deadline.ts';

const of = (method: string, query: string): number => deadlineSeconds(method, new URLSearchParams(query));

test('a caller shortens the time that a request has, and never lengthens it', () => {
  for (const [query, seconds] of [
    ['', 60],
    ['timeout=0s', 60],
    ['timeout=-5s', 60],
    ['timeout=5s', 5],
    ['timeout=1m30s', 60],
    ['timeout=87600h', 60],
    ['timeout=10ms', 0.01],
  ] as const)
    assert.equal(of('GET', query), seconds, query);
  assert.equal(of('POST', 'timeout=1m'), 34);
});

test('what is no duration is a bad request', () => {
  assert.throws(() => of('GET', 'timeout=xyz'), {
    code: 400,
    message: 'invalid timeout specified in the request URL - time: invalid duration "xyz"',
  });
});
