import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { facts, nodeOfTest } from '../../test/support/node-context.ts';
import { container, nowMs, pod } from '../../test/support/node-pod.ts';
import { ensureImage } from './image-pull.ts';
import { emptyMemory, type PodMemory } from './observed-pod.ts';
import { sandboxConfig } from './sandbox-config.ts';

function asked(image: string, imagePullPolicy?: string, annotations: Record<string, string> = {}) {
  const { context, events, world } = nodeOfTest();
  const main = container('main', { image, imagePullPolicy });
  const of = pod({ containers: [main] }, { annotations });
  const sandbox = sandboxConfig(of, 0, facts);
  const ensure = (memory: PodMemory = emptyMemory) => ensureImage(context, { pod: of, container: main, sandbox, memory });
  return { ensure, events, world, pull: () => context.runtime.pullImage(image, sandbox) };
}
const field = '(spec.containers{main})';
const pulled = (image: string): string[] => [
  `Normal Pulling Pulling image "${image}" ${field}`,
  `Normal Pulled Successfully pulled image "${image}" in 1ms (1ms including waiting). Image size: 1 bytes. ${field}`,
];

describe('an image on the node', () => {
  const facts: readonly (readonly [image: string, policy: string | undefined, isAsked: boolean])[] = [
    ['app:v1', undefined, false],
    [`app@sha256:${'aa'.repeat(32)}`, undefined, false],
    ['app', undefined, true],
    ['app:latest', undefined, true],
    ['host:5000/app', undefined, true],
    ['app:v1', 'Always', true],
    ['app:latest', 'IfNotPresent', false],
    ['app', 'Never', false],
  ];
  for (const [image, policy, isAsked] of facts) {
    test(`${image} with ${policy ?? 'no policy'} is ${isAsked ? 'asked for anew' : 'used as it is'}`, async () => {
      const { ensure, events, pull } = asked(image, policy);
      await pull();
      assert.equal((await ensure()).outcome, 'present');
      assert.deepEqual(events, isAsked ? pulled(image) : [`Normal Pulled Container image "${image}" already present on machine ${field}`]);
    });
  }
});

test('an image that must not be pulled and is not there is ErrImageNeverPull', async () => {
  const { ensure, events } = asked('app:v1', 'Never');
  const message = 'Container image "app:v1" is not present with pull policy of Never';
  assert.deepEqual(await ensure(), {
    outcome: 'failed',
    failure: { reason: 'ErrImageNeverPull', message, failedAtMs: nowMs, retryAtMs: nowMs + 10_000 },
    memory: emptyMemory,
  });
  assert.deepEqual(events, [`Warning ErrImageNeverPull ${message} ${field}`, `Warning Failed Error: ErrImageNeverPull ${field}`]);
});

test('a name that no image can have is InvalidImageName, and no pull is tried', async () => {
  const { ensure, events } = asked('App:v1');
  const problem = `couldn't parse image name "App:v1": invalid reference format: repository name (library/App) must be lowercase`;
  const message = `Failed to apply default image tag "App:v1": ${problem}`;
  assert.deepEqual(await ensure(), {
    outcome: 'failed',
    failure: { reason: 'InvalidImageName', message, failedAtMs: nowMs, retryAtMs: nowMs + 10_000 },
    memory: emptyMemory,
  });
  assert.deepEqual(events, [`Warning InspectFailed ${message} ${field}`, `Warning Failed Error: InvalidImageName ${field}`]);
});

test('a pull that fails is ErrImagePull, and waits longer each time', async () => {
  const { ensure, events, world } = asked('app:does-not-exist');
  const delays: number[] = [];
  let memory = emptyMemory;
  for (let attempt = 0; attempt < 4; attempt += 1) {
    const result = await ensure(memory);
    assert.ok(result.outcome === 'failed');
    assert.equal(result.failure.reason, 'ErrImagePull');
    memory = result.memory;
    delays.push((result.failure.retryAtMs - world.clock.now()) / 1000);
    await world.advance(result.failure.retryAtMs - world.clock.now());
  }
  assert.deepEqual(delays, [10, 20, 40, 80]);
  const why = 'rpc error: code = NotFound desc = failed to pull and unpack image "app:does-not-exist": app:does-not-exist: not found';
  assert.deepEqual(events.slice(0, 3), [
    `Normal Pulling Pulling image "app:does-not-exist" ${field}`,
    `Warning Failed Failed to pull image "app:does-not-exist": ${why} ${field}`,
    `Warning Failed Error: ErrImagePull ${field}`,
  ]);
});

test('a pull that works forgets the failures before', async () => {
  const { ensure } = asked('app:v1');
  const result = await ensure({ ...emptyMemory, pulls: { 'app:v1': { delayMs: 80_000, updatedAtMs: nowMs } } });
  assert.deepEqual([result.outcome, result.memory.pulls], ['present', {}]);
});
