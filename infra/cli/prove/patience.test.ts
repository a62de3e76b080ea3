import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConnectionError } from '../../../functions/client/https-fetch.ts';
import { StatusError } from '../../../functions/kube/status-error.ts';
import { virtualWorld } from '../../../test/support/virtual-world.ts';
import { CliError } from '../cli-error.ts';
import { createPatience } from './patience.ts';

const minuteMs = 60_000;

/** Asks on a clock that goes on by itself. */
async function asked<T>(answers: readonly (T | Error | undefined)[]): Promise<{ found: T | Error; tries: number }> {
  const world = virtualWorld();
  const { until } = createPatience(world.clock, world.clock.monotonicMs() + minuteMs);
  let tries = 0;
  let isDone = false;
  const found = until('it works', async () => {
    const answer = answers[Math.min(tries++, answers.length - 1)];
    if (answer instanceof Error) throw answer;
    return answer;
  })
    .catch((error: unknown) => error as Error)
    .finally(() => (isDone = true));
  for (let second = 0; second <= minuteMs / 1000 && !isDone; second += 1) await world.advance(1000);
  return { found: await found, tries };
}

test('asks until there is an answer, and passes over what may pass', async () => {
  const busy = new StatusError(503, 'ServiceUnavailable', 'busy');
  assert.deepEqual(await asked([undefined, new ConnectionError('gone'), busy, 'here']), { found: 'here', tries: 4 });
});

test('does not ask again what was refused', async () => {
  const refused = new StatusError(403, 'Forbidden', 'no');
  assert.deepEqual(await asked([refused]), { found: refused, tries: 1 });
});

test('gives up when the proof has taken its time, and names the last failure', async () => {
  const { found } = await asked([new StatusError(503, 'ServiceUnavailable', 'still busy')]);
  assert.ok(found instanceof CliError);
  assert.equal(found.message, 'Not proven that it works: still busy.');
});
