/** Errors that no service sends: the error of the machine when no service listens. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { troubleOf } from './translate.ts';

const failing = (code: string): Error => Object.assign(new Error('the system says so'), { code });

test('connections that fail come to one clear error each, and are tried again', () => {
  const reported = ['ENOTFOUND', 'EAI_AGAIN', 'ECONNREFUSED', 'ECONNRESET'].map((code) => {
    const trouble = troubleOf(failing(code), 'PutItem');
    return trouble.type === 'condition' ? '' : `${trouble.type}: ${trouble.error.message}`;
  });
  const noAddress = 'not-now: the table’s service has no address: is the region right, and is there a network?';
  assert.deepEqual(reported, [
    noAddress,
    noAddress,
    'not-now: the table’s service cannot be reached',
    'unanswered: the connection to the table’s service broke',
  ]);
});

test('what is not known is refused, and its cause is kept', () => {
  const cause = new Error('something new');
  const trouble = troubleOf(cause, 'Query');
  assert.ok(trouble.type === 'refused');
  assert.equal(trouble.error.message, 'the table did not accept a request');
  assert.equal(trouble.error.cause, cause);
});
