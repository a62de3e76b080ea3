import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Pod, PodStatus } from '../../functions/kube/generated/types.ts';
import type { KubeObject } from '../../functions/kube/object.ts';
import { timestamp } from '../../functions/kube/time.ts';
import { facts, nodeOfTest } from '../../test/support/node-context.ts';
import { pod } from '../../test/support/node-pod.ts';
import { createDesiredState } from '../desired-state.ts';
import type { NodeContext } from './node-context.ts';
import { createNodePods } from './node-pods.ts';
import { noPodFiles } from './pod-files.ts';
import { sandboxConfig } from './sandbox-config.ts';

const object = (of: Pod): KubeObject => ({ apiVersion: 'v1', kind: 'Pod', ...of });
const onNode = (uid: string, nodeName = 'node-a'): Pod => pod({ nodeName }, { uid, name: `pod-${uid}` });

function begin({ isOverruled = () => false, ...parts }: { isOverruled?: () => boolean } & Partial<NodeContext> = {}) {
  const node = nodeOfTest(parts);
  const desired = createDesiredState();
  const finished: string[] = [];
  const forgotten: string[] = [];
  const reported: PodStatus[] = [];
  const pods = createNodePods({
    context: node.context,
    nodeName: 'node-a',
    desired,
    check: async () => ({ outcome: 'success' }),
    poll: {
      report({ metadata }, status, isFinished) {
        reported.push(status);
        if (isFinished) finished.push(metadata.uid!);
      },
      isOverruled,
      forget: (uid) => forgotten.push(uid),
    },
  });
  const end = new AbortController();
  const running = pods.run(end.signal);
  const apply = async (objects: readonly Pod[], snapshot = true): Promise<void> => {
    pods.sync(desired.apply({ snapshot, objects: objects.map(object), gone: [] }));
    await node.world.settle();
  };
  const stop = async (): Promise<void> => {
    end.abort();
    await node.world.settle();
    await running;
  };
  const uids = async (): Promise<string[]> => (await node.context.runtime.listSandboxes()).map(({ podUid }) => podUid);
  return { ...node, desired, pods, finished, forgotten, reported, apply, stop, uids };
}

test('runs the pods of this node and no other’s', async () => {
  const { apply, uids, stop } = begin();
  await apply([onNode('a'), onNode('b', 'node-b'), onNode('c')]);
  assert.deepEqual(await uids(), ['a', 'c']);
  await stop();
});

test('removes what an agent before it left of pods that are gone, once it is known which are', async () => {
  const left = new Set(['a', 'gone']);
  const tornDown: string[] = [];
  const { apply, pods, world, stop } = begin({
    volumes: {
      setUp: async () => new Map(),
      refresh: async () => {},
      tearDown: async (uid) => void tornDown.push(uid),
      staged: async () => [],
    },
    files: {
      ...noPodFiles,
      owners: async () => [...left].map((podUid) => ({ podUid, podName: '', podNamespace: '' })),
      remove: async ({ metadata }) => void left.delete(metadata.uid!),
    },
  });
  await pods.relist();
  await world.settle();
  assert.deepEqual([[...left], tornDown], [['a', 'gone'], []]);
  await apply([onNode('a')]);
  for (let round = 0; round < 2; round += 1) {
    await pods.relist();
    await world.settle();
    assert.deepEqual([[...left], tornDown], [['a'], ['gone']]);
  }
  await stop();
});

test('ends what is wanted no more, and forgets it', async () => {
  const { apply, uids, forgotten, pods, stop } = begin();
  await apply([onNode('a'), onNode('b')]);
  await apply([onNode('b')]);
  assert.deepEqual([await uids(), forgotten, pods.pod('a'), pods.pod('b')?.metadata.uid], [['b'], ['a'], undefined, 'b']);
  await stop();
});

test('a pod on the runtime that the API does not have is stopped, once the desired state is known', async () => {
  const { apply, uids, pods, context, world, stop } = begin();
  await context.runtime.runSandbox(sandboxConfig(onNode('orphan'), 0, facts), '');
  await pods.relist();
  await world.settle();
  assert.deepEqual(await uids(), ['orphan']);
  await apply([onNode('a')]);
  await pods.relist();
  await world.settle();
  assert.deepEqual(await uids(), ['a']);
  await stop();
});

test('a container that ended is noticed at the next relist', async () => {
  const { apply, pods, context, world, stop } = begin();
  await apply([onNode('a')]);
  await pods.relist();
  await world.settle();
  const [before] = await context.runtime.listContainers('a');
  await context.runtime.stopContainer(before!.id, 0);
  await pods.relist();
  await world.settle();
  assert.deepEqual(
    (await context.runtime.listContainers('a')).map(({ attempt, state }) => `${attempt} ${state}`),
    ['0 exited', '1 running'],
  );
  await stop();
});

test('a pod status that another client changed is reported again with a new transition time', async () => {
  let isOverruled = false;
  const { world, apply, reported, forgotten, stop } = begin({ isOverruled: () => isOverruled });
  await apply([onNode('a')]);
  const before = reported.at(-1)!;
  await world.advance(5_000);
  isOverruled = true;
  const unready = before.conditions!.map((condition) => (condition.type === 'Ready' ? { ...condition, status: 'False' } : condition));
  await apply([{ ...onNode('a'), status: { ...before, conditions: unready } }]);
  const [was, is] = [before, reported.at(-1)!].map(({ conditions }) => conditions!.find(({ type }) => type === 'Ready')!);
  assert.deepEqual([is!.status, is!.lastTransitionTime], ['True', timestamp(world.clock.now())]);
  assert.notEqual(is!.lastTransitionTime, was!.lastTransitionTime);
  assert.deepEqual(forgotten, ['a']);
  await stop();
});
