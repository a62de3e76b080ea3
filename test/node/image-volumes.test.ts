/** Volumes that are images, on a real containerd. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Pod, VolumeMount } from '../../functions/kube/generated/types.ts';
import { canRunContainers } from '../../infra/local/hosts/can-run-containers.ts';
import { agentNode, type AgentNode } from '../support/agent-node.ts';
import { eventually } from '../support/eventually.ts';
import { leftOn } from '../support/left-on-node.ts';

const can = await canRunContainers();
const busybox = 'docker.io/library/busybox:1.36';

const reader = (name: string, script: string, reference: string, mount: Partial<VolumeMount> = {}): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'default', uid: `uid-${name}`, labels: { app: name }, generation: 1 },
  spec: {
    nodeName: 'node-a',
    restartPolicy: 'Never',
    terminationGracePeriodSeconds: 0,
    containers: [
      {
        name: 'main',
        image: busybox,
        imagePullPolicy: 'IfNotPresent',
        command: ['sh', '-c', script],
        volumeMounts: [{ name: 'files', mountPath: '/files', ...mount }],
      },
    ],
    volumes: [{ name: 'files', image: { reference, pullPolicy: 'IfNotPresent' } }],
  },
  status: { phase: 'Pending', qosClass: 'BestEffort', conditions: [{ type: 'PodScheduled', status: 'True' }] },
});

describe('a volume that is an image', { skip: can.ok ? false : can.why }, () => {
  let node: AgentNode;
  before(async () => {
    node = await agentNode('10.201.15.0/24');
    node.startAgent();
  });
  after(() => node.close());

  const printed = async (pod: Pod): Promise<string> => {
    node.api.put(pod);
    const { name = '' } = pod.metadata;
    await eventually(() => assert.equal(node.api.pod(name)?.status?.phase, 'Succeeded', JSON.stringify(node.api.pod(name)?.status)));
    return (await node.api.log(name, 'container=main')).text;
  };

  test('a volume that is an image has the files of the image, which cannot be changed or executed', async () => {
    const attempts = ['ls /files/bin/busybox', 'touch /files/new', '/files/bin/busybox true', 'rm /files/bin/busybox'];
    const text = await printed(reader('whole', `${attempts.map((attempt) => `(${attempt}) 2>&1`).join('; ')}; true`, busybox));
    assert.match(text, /^\/files\/bin\/busybox\n/);
    assert.match(text, /touch: \/files\/new: Read-only file system\n/);
    assert.match(text, /\/files\/bin\/busybox: Permission denied\n/);
    assert.match(text, /rm: .*Read-only file system\n/);
  });

  test('a volume that is an image may be mounted in part', async () => {
    assert.equal(await printed(reader('part', 'ls /files/busybox', busybox, { subPath: 'bin' })), '/files/busybox\n');
  });

  test('a volume of an image that is nowhere keeps its container waiting, as the container’s own image would', async () => {
    node.api.put(reader('missing', 'true', 'localhost:1/no/such:image'));
    await eventually(() => {
      const [status] = node.api.pod('missing')?.status?.containerStatuses ?? [];
      assert.match(status?.state?.waiting?.reason ?? '', /^(ErrImagePull|ImagePullBackOff)$/);
    });
  });

  test('leaves nothing on the node', async () => {
    for (const name of ['whole', 'part', 'missing']) node.api.deletePod(name, 0);
    await eventually(async () => {
      assert.deepEqual(await leftOn(node), []);
      assert.deepEqual(
        (await node.ctr('snapshots', 'list')).filter((line) => line.includes(node.rootDirectory)),
        [],
      );
    });
  });
});
