import assert from 'node:assert/strict';
import { test } from 'node:test';
import { simulatedWorld } from './simulated-world.ts';

test('appointments are kept in order, those of the same moment as they were made', async () => {
  const { clock, pass } = simulatedWorld();
  const kept: string[] = [];
  clock.after(20, () => kept.push('c'));
  clock.after(10, () => kept.push('a'));
  clock.after(10, () => kept.push('b'));
  const cancel = clock.after(15, () => kept.push('never'));
  cancel();
  await pass(19);
  assert.deepEqual(kept, ['a', 'b']);
  await pass(1);
  assert.deepEqual(kept, ['a', 'b', 'c']);
});

test('time passes until work is done, and no longer', async () => {
  const { clock, until } = simulatedWorld();
  const startedMs = clock.now();
  const work = async (): Promise<string> => {
    await clock.sleep(3_600_000);
    return 'done';
  };
  assert.equal(await until(work()), 'done');
  assert.equal(clock.now() - startedMs, 3_600_000);
});

test('a sleep ends early with the reason of its signal', async () => {
  const { clock, until } = simulatedWorld();
  const ending = new AbortController();
  clock.after(5, () => ending.abort(new Error('enough')));
  await assert.rejects(until(clock.sleep(1000, ending.signal)), new Error('enough'));
  await assert.rejects(clock.sleep(1000, ending.signal), new Error('enough'));
});

test('two simulated worlds draw the same random numbers', () => {
  const draw = (): unknown[] => {
    const { random } = simulatedWorld();
    return [random.next(), random.uuid(), random.bytes(40).length];
  };
  assert.deepEqual(draw(), draw());
});
