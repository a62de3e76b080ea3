/** A pod that a node runs by a manifest, as users of the API see it. */
import assert from 'node:assert/strict';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { startCluster, type TestCluster } from '../support/cluster-process.ts';
import { eventually } from '../support/eventually.ts';
import { freeNetworks, networkFlags } from '../support/free-networks.ts';
import { imageFiles, reasonToSkipContainers } from '../support/real-nodes.ts';

const manifest = (word: string): string => `
apiVersion: v1
kind: Pod
metadata: { name: own, labels: { app: own } }
spec:
  terminationGracePeriodSeconds: 0
  containers:
  - { name: main, image: 'busybox:1.36', command: [sh, -c, 'echo ${word}; sleep 100000'], ports: [{ containerPort: 80, hostPort: 8099 }] }
`;

describe('a static pod', { skip: await reasonToSkipContainers() }, () => {
  let cluster: TestCluster;
  let file: string;
  before(async () => {
    cluster = await startCluster({ nodes: 1, runtime: 'containerd', images: await imageFiles(), flags: networkFlags(freeNetworks()) });
    const directory = join(cluster.directory, 'nodes/node-1/manifests');
    mkdirSync(directory, { recursive: true });
    file = join(directory, 'own.yaml');
  });
  after(() => cluster?.remove());

  const field = (path: string): Promise<string> => cluster.kubectl.ok('get', 'pod', 'own-node-1', '-o', `jsonpath={${path}}`);
  const containerId = (): Promise<string> => field('.status.containerStatuses[0].containerID');
  const runs = (word: string): Promise<void> =>
    eventually(async () => {
      assert.equal(await field('.status.conditions[?(@.type=="Ready")].status'), 'True');
      assert.equal(await cluster.kubectl.ok('logs', 'own-node-1'), `${word}\n`);
    });

  test('a static pod runs, is shown by its mirror, and answers logs and exec', async () => {
    writeFileSync(file, manifest('first'));
    await runs('first');
    assert.equal(await field('.metadata.ownerReferences[0].kind'), 'Node');
    assert.equal(await field('.metadata.annotations.kubernetes\\.io/config\\.source'), 'file');
    assert.equal(await cluster.kubectl.ok('exec', 'own-node-1', '--', 'hostname'), 'own-node-1\n');
  });

  test('runs on when its mirror is deleted, and is shown again', async () => {
    const [uid, id] = [await field('.metadata.uid'), await containerId()];
    await cluster.kubectl.ok('delete', 'pod', 'own-node-1', '--wait=false');
    await eventually(async () => assert.notEqual(await field('.metadata.uid'), uid));
    await runs('first');
    assert.equal(await containerId(), id);
  });

  test('a static pod is another pod when its manifest changes', async () => {
    const id = await containerId();
    writeFileSync(file, manifest('second'));
    await runs('second');
    assert.notEqual(await containerId(), id);
  });

  test('ends with its manifest, and its mirror goes', async () => {
    rmSync(file);
    await eventually(async () => assert.equal(await cluster.kubectl.ok('get', 'pods', '-o', 'name'), ''));
  });
});
