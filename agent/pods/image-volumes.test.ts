import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Container, Volume } from '../../functions/kube/generated/types.ts';
import { nodeOfTest } from '../../test/support/node-context.ts';
import { container, nowMs, pod, sandbox } from '../../test/support/node-pod.ts';
import { CommandFailed } from '../network/run.ts';
import { mountImages } from './image-volumes.ts';
import { emptyMemory } from './observed-pod.ts';
import { sandboxConfig } from './sandbox-config.ts';

const volumes: Volume[] = [
  { name: 'files', image: { reference: 'files:v1', pullPolicy: 'IfNotPresent' } },
  { name: 'others', image: { reference: 'others:v1', pullPolicy: 'Never' } },
  { name: 'scratch', emptyDir: {} },
];
const mounting = (...names: string[]): Container =>
  container('main', { volumeMounts: names.map((name) => ({ name, mountPath: `/${name}` })) });

function begin(mountImage: (image: { id: string }, directory: string) => Promise<void> = async () => {}) {
  const mounted: string[] = [];
  const { context, events } = nodeOfTest({
    mountImage: async (image, directory) => {
      await mountImage(image, directory);
      mounted.push(directory);
    },
  });
  const run = (main: Container) => {
    const of = pod({ containers: [main], volumes });
    const paths = new Map(volumes.map(({ name }) => [name, { path: `/volumes/${name}`, isReadOnly: true }]));
    const input = { pod: of, observed: { sandboxes: [sandbox()], containers: [] }, memory: emptyMemory, volumes: paths };
    return mountImages(context, main, input, sandboxConfig(of, 0, context.facts));
  };
  return { run, mounted, events };
}

describe('a container that mounts images', () => {
  test('a container that mounts images has those pulled and mounted that it mounts, and no others', async () => {
    const { run, mounted, events } = begin();
    assert.equal((await run(mounting('files', 'scratch'))).failure, undefined);
    assert.deepEqual(mounted, ['/volumes/files']);
    assert.match(events[0]!, /^Normal Pulling Pulling image "files:v1"/);
  });

  test('a container that mounts images waits for one that is not there and may not be pulled', async () => {
    const { run, mounted } = begin();
    const message = 'Container image "others:v1" is not present with pull policy of Never';
    const { failure } = await run(mounting('others'));
    assert.deepEqual(failure, { reason: 'ErrImageNeverPull', message, failedAtMs: nowMs, retryAtMs: nowMs + 10_000 });
    assert.deepEqual(mounted, []);
  });

  test('a container whose image volume cannot be mounted waits with a reason without paths of the host', async () => {
    const { run, events } = begin(() => Promise.reject(new CommandFailed(['ctr', '/secret/path'], 'exit code 1', '')));
    const { failure } = await run(mounting('files'));
    assert.deepEqual([failure?.reason, failure?.message], ['CreateContainerError', 'failed to mount image volume "files"']);
    assert.doesNotMatch(events.join(), /secret/);
  });
});
