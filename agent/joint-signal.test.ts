import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { test } from 'node:test';
import { jointSignal } from './joint-signal.ts';

test('a joint signal is aborted with the first of its signals, for the same reason', () => {
  const [one, other] = [new AbortController(), new AbortController()];
  const { signal } = jointSignal(one.signal, other.signal);
  assert.equal(signal.aborted, false);
  other.abort(new Error('enough'));
  one.abort(new Error('too late'));
  assert.equal(String(signal.reason), 'Error: enough');
  assert.equal(jointSignal(new AbortController().signal, one.signal).signal.aborted, true);
});

test('a released joint signal leaves nothing on a signal that lives on', () => {
  const living = new AbortController();
  for (let round = 0; round < 20; round += 1) jointSignal(living.signal, new AbortController().signal).release();
  assert.equal(getEventListeners(living.signal, 'abort').length, 0);
  const { signal, release } = jointSignal(living.signal);
  release();
  living.abort();
  assert.equal(signal.aborted, false);
});
