import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { virtualWorld } from '../../test/support/virtual-world.ts';
import { RuntimeError } from '../runtime/runtime.ts';
import { createRuntimeAnswers } from './runtime-answers.ts';

const features = { supplementalGroupsPolicy: false, handlers: [] };

function node() {
  const world = virtualWorld();
  const asked = { version: 0, readiness: 0 };
  let isReady = true;
  let fails = false;
  const ask = createRuntimeAnswers({
    ...world,
    runtime: {
      version: async () => ({ name: 'containerd', version: `1.6.${(asked.version += 1)}` }),
      readiness: async () => {
        asked.readiness += 1;
        if (fails) throw new RuntimeError('Unavailable', 'gone');
        return { runtime: { ready: isReady, message: '' }, network: { ready: true, message: '' }, features };
      },
    },
  });
  const askFor = async (seconds: number): Promise<void> => {
    for (let second = 0; second < seconds; second += 1) {
      await ask();
      await world.advance(1000);
    }
  };
  return { ask, askFor, asked, set: (ready: boolean) => (isReady = ready), fail: (to: boolean) => (fails = to) };
}

describe('a runtime that is asked about itself each second for two minutes', () => {
  test('hears the question every five seconds while it is ready, and the one of its version every minute', async () => {
    const { askFor, asked } = node();
    await askFor(120);
    assert.deepEqual(asked, { version: 2, readiness: 24 });
  });

  test('hears it each time while it is not ready', async () => {
    const { askFor, asked, set } = node();
    set(false);
    await askFor(120);
    assert.deepEqual(asked, { version: 2, readiness: 120 });
  });
});

test('a runtime that comes back is seen with the next question, and its version is another', async () => {
  const { ask, askFor, fail } = node();
  await askFor(5);
  fail(true);
  await assert.rejects(ask(), RuntimeError);
  fail(false);
  const { readiness, version } = await ask();
  assert.deepEqual([readiness.runtime.ready, version.version], [true, '1.6.2']);
});
