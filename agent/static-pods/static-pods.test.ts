import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Client } from '../../functions/client/client.ts';
import type { Node, Pod } from '../../functions/kube/generated/types.ts';
import type { KubeObject } from '../../functions/kube/object.ts';
import { nodeOfTest } from '../../test/support/node-context.ts';
import { createDesiredState } from '../desired-state.ts';
import { createNodePods, type NodePods } from '../pods/node-pods.ts';
import { staticPod } from './static-pod.ts';
import { createStaticPods } from './static-pods.ts';

const node: Node = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'node-a', uid: 'n1' }, spec: {} };
const web = (image: string): Pod => {
  const main = { name: 'main', image, ports: [{ containerPort: 80, hostPort: 80 }] };
  const spec = { terminationGracePeriodSeconds: 5, containers: [main] };
  return staticPod({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web' }, spec }, { nodeName: 'node-a', path: '/web.yaml' });
};

describe('a node with manifests', () => {
  /** A node and as much of an API as mirrors need. */
  async function begin(...wanted: Pod[]) {
    const own = nodeOfTest({ pods: () => desired.pods() });
    const desired = createDesiredState();
    const inApi = new Map<string, Pod>();
    const statuses = new Map<string, string>();
    let made = 0;
    const deliver = (gone: readonly Pod[] = []): void => {
      const objects: KubeObject[] = [node, ...inApi.values()];
      const answer = { snapshot: gone.length === 0, objects, gone: gone.map((pod) => ({ ...pod, ...pod.metadata })) };
      pods.sync(desired.apply(answer as never));
    };
    const client = {
      async create(_type: unknown, pod: Pod) {
        made += 1;
        inApi.set(pod.metadata.name!, { ...pod, metadata: { ...pod.metadata, uid: `mirror-${made}` } });
        deliver();
      },
      async delete(_type: unknown, { name }: { name: string }) {
        inApi.delete(name);
        deliver();
      },
    } as unknown as Client;
    const staticPods = createStaticPods({
      world: own.world,
      client,
      nodeName: 'node-a',
      desired,
      manifests: { read: async () => wanted },
      onChange: () => pods.sync(new Set(['Pod'])),
    });
    const pods: NodePods = createNodePods({
      context: own.context,
      nodeName: 'node-a',
      desired,
      check: async () => ({ outcome: 'success' }),
      poll: {
        report: ({ metadata }, status) => void statuses.set(metadata.uid!, status.phase ?? ''),
        isOverruled: () => false,
        forget: (uid) => void statuses.delete(uid),
      },
      staticPods,
    });
    const end = new AbortController();
    await staticPods.load();
    const running = [pods.run(end.signal), staticPods.run(end.signal)];
    await own.world.settle();
    const stop = async (): Promise<void> => {
      end.abort();
      await own.world.settle();
      await Promise.all(running);
    };
    const images = async (): Promise<string[]> => {
      const { runtime } = own.context;
      const found = await Promise.all((await runtime.listContainers()).map(({ id }) => runtime.containerStatus(id)));
      return found.filter(({ state }) => state === 'running').map(({ image }) => image);
    };
    return { ...own, wanted, desired, pods, inApi, statuses, deliver, stop, images };
  }
  test('a node with manifests runs them before the API ever answered, and shows each by a mirror afterwards', async () => {
    const { world, images, inApi, statuses, deliver, pods, stop } = await begin(web('web:v1'));
    assert.deepEqual([await images(), [...inApi.keys()]], [['web:v1'], []]);
    deliver();
    await world.advance(2000);
    assert.deepEqual([...inApi.keys()], ['web-node-a']);
    assert.deepEqual([...statuses], [['mirror-1', 'Running']]);
    assert.equal(pods.pod('mirror-1')!.metadata.name, 'web-node-a');
    assert.equal(pods.all().length, 1);
    await stop();
  });

  test('a node with manifests makes a deleted mirror again, and its pod runs on', async () => {
    const { world, context, inApi, statuses, deliver, stop } = await begin(web('web:v1'));
    deliver();
    await world.advance(2000);
    const before = await context.runtime.listContainers();
    const [mirror] = inApi.values();
    inApi.set('web-node-a', { ...mirror!, metadata: { ...mirror!.metadata, deletionTimestamp: '2026-01-01T00:00:30Z' } });
    deliver();
    await world.advance(3000);
    assert.equal(inApi.get('web-node-a')!.metadata.uid, 'mirror-2');
    assert.deepEqual([...statuses], [['mirror-2', 'Running']]);
    assert.deepEqual(await context.runtime.listContainers(), before);
    await stop();
  });

  test('a node with manifests ends the pod of a manifest that changed before it starts the new one', async () => {
    const { world, wanted, images, inApi, events, deliver, stop } = await begin(web('web:v1'));
    deliver();
    await world.advance(2000);
    wanted.splice(0, 1, web('web:v2'));
    await world.advance(10_000);
    assert.deepEqual(await images(), ['web:v2']);
    assert.equal(inApi.get('web-node-a')!.metadata.uid, 'mirror-2');
    assert.deepEqual(
      events.filter((event) => /Killing|NodePorts|Failed/.test(event)),
      ['Normal Killing Stopping container main (spec.containers{main})'],
    );
    await stop();
  });

  test('a node with manifests ends the pod of a manifest that is gone, and takes its mirror away', async () => {
    const { world, wanted, context, inApi, deliver, stop } = await begin(web('web:v1'));
    deliver();
    await world.advance(2000);
    wanted.pop();
    await world.advance(10_000);
    assert.deepEqual([await context.runtime.listSandboxes(), [...inApi]], [[], []]);
    await stop();
  });
});
