import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Container, PodSpec } from '../../functions/kube/generated/types.ts';
import { nodeOfTest } from '../../test/support/node-context.ts';
import { container, nowMs, pod, running, sandbox } from '../../test/support/node-pod.ts';
import { RuntimeError, type ContainerConfig, type Runtime } from '../runtime/runtime.ts';
import { startContainer } from './container-start.ts';
import { emptyMemory } from './observed-pod.ts';
import { noPodFiles, type PodFiles } from './pod-files.ts';

interface Options {
  readonly own?: Partial<Container>;
  readonly spec?: Partial<PodSpec>;
  readonly runtime?: Partial<Runtime>;
  readonly isRestart?: boolean;
  readonly breaksSubPath?: boolean;
}

function starting({ own = {}, spec = {}, runtime = {}, isRestart = false, breaksSubPath = false }: Options) {
  const parts: string[] = [];
  const bindSubPath: PodFiles['bindSubPath'] = async (_pod, containerName, { index, volumePath, path }) => {
    parts.push(`${containerName} ${index} ${volumePath} ${path}`);
    if (breaksSubPath) throw new Error('leads out');
    return `/mounted/${index}`;
  };
  const { context, events } = nodeOfTest({ files: { ...noPodFiles, bindSubPath } });
  const created: ContainerConfig[] = [];
  const calls: string[] = [];
  const main = container('main', own);
  const whole: Runtime = {
    ...context.runtime,
    createContainer: async (_sandbox, config) => {
      created.push(config);
      return 'c1';
    },
    startContainer: async () => {},
    stopContainer: async (id, graceSeconds) => void calls.push(`stop ${id} ${graceSeconds}`),
    ...runtime,
  };
  const start = () =>
    startContainer(
      { ...context, runtime: whole },
      { kind: 'startContainer', container: main, attempt: 0, sandboxId: 's0', isRestart },
      {
        pod: pod({ containers: [main], ...spec }),
        observed: { sandboxes: [sandbox()], containers: [running('target', { id: 'target-id' })] },
        memory: emptyMemory,
        volumes: new Map([['scratch', { path: '/volumes/scratch', isReadOnly: false }]]),
      },
    );
  return { start, created, events, calls, parts };
}
const failure = (reason: string, message: string) => ({
  main: { reason, message, failedAtMs: nowMs, retryAtMs: nowMs + 10_000 },
});
const field = '(spec.containers{main})';

test('a restart counts against the next one', async () => {
  assert.deepEqual((await starting({}).start()).restarts, {});
  assert.deepEqual((await starting({ isRestart: true }).start()).restarts, { main: { delayMs: 10_000, updatedAtMs: nowMs } });
});

describe('a failed start', () => {
  const failing = (description: string) => () => Promise.reject(new RuntimeError('Unknown', description));
  const facts: readonly (readonly [reason: string, message: string, Options])[] = [
    ['CreateContainerConfigError', 'secret "x" not found', { own: { envFrom: [{ secretRef: { name: 'x' } }] } }],
    ['CreateContainerError', 'no room', { runtime: { createContainer: failing('no room') } }],
    ['RunContainerError', 'no such file', { runtime: { startContainer: failing('no such file') } }],
  ];
  for (const [reason, message, options] of facts) {
    test(`a failed start waits with the reason ${reason}, and records an Event`, async () => {
      const { start, events } = starting(options);
      assert.deepEqual((await start()).failures, failure(reason, message));
      assert.equal(events.at(-1), `Warning Failed Error: ${message} ${field}`);
    });
  }
});

describe('a postStart hook', () => {
  const lifecycle = { postStart: { exec: { command: ['warm', 'up'] } } };
  const answer = (exitCode: number) => ({
    execSync: async () => ({ exitCode, stdout: Buffer.from('cold'), stderr: Buffer.alloc(0) }),
  });

  test('a postStart hook runs in the container that was just started', async () => {
    const { start, calls } = starting({ own: { lifecycle }, runtime: answer(0) });
    assert.deepEqual([(await start()).failures, calls], [{}, []]);
  });

  test('a postStart hook that fails ends it', async () => {
    const { start, calls, events } = starting({ own: { lifecycle }, runtime: answer(2) });
    assert.deepEqual((await start()).failures, failure('PostStartHookError', "command 'warm up' exited with 2: cold"));
    assert.deepEqual(calls, ['stop c1 30']);
    assert.deepEqual(events.slice(-2), [
      `Warning FailedPostStartHook PostStartHook failed ${field}`,
      `Normal Killing FailedPostStartHook ${field}`,
    ]);
  });
});

describe('parts of volumes', () => {
  const volumeMounts = [
    { name: 'scratch', mountPath: '/whole' },
    { name: 'scratch', mountPath: '/part', subPath: 'a/b' },
  ];

  test('parts of volumes are made before the container is', async () => {
    const { start, parts, created } = starting({ own: { volumeMounts } });
    await start();
    assert.equal(created[0]!.mounts[1]!.hostPath, '/mounted/1');
    assert.deepEqual(parts, ['main 1 /volumes/scratch a/b']);
  });

  test('a subPath that cannot be prepared is reported without paths of the host', async () => {
    const { start, created } = starting({ own: { volumeMounts }, breaksSubPath: true });
    const message = 'failed to prepare subPath for volumeMount "scratch" of container "main"';
    assert.deepEqual((await start()).failures, failure('CreateContainerConfigError', message));
    assert.deepEqual(created, []);
  });
});

describe('an ephemeral container', () => {
  const aimedAt = (targetContainerName: string): Options => ({
    spec: { containers: [container('target')], ephemeralContainers: [{ name: 'main', image: 'main:v1', targetContainerName }] },
  });

  test('an ephemeral container sees the processes of its target', async () => {
    const { start, created, events } = starting(aimedAt('target'));
    await start();
    assert.deepEqual(created[0]!.security.namespaces, { network: 'POD', pid: 'TARGET', ipc: 'POD', targetId: 'target-id' });
    assert.equal(events.at(-1), 'Normal Started Container started (spec.ephemeralContainers{main})');
  });

  test('an ephemeral container waits for a target that does not run', async () => {
    const { start } = starting(aimedAt('other'));
    assert.deepEqual((await start()).failures, failure('CreateContainerConfigError', 'unable to find target container other'));
  });
});
