/** A pod that keeps more on the node's disk than it may is ended by a real node. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startCluster, type TestCluster } from '../support/cluster-process.ts';
import { eventually } from '../support/eventually.ts';
import { freeNetworks, networkFlags } from '../support/free-networks.ts';
import { imageFiles, reasonToSkipContainers } from '../support/real-nodes.ts';

const pod = (name: string, command: string, more = ''): string => `
apiVersion: v1
kind: Pod
metadata: { name: ${name} }
spec:
  volumes: [{ name: cache, emptyDir: { sizeLimit: 1Mi } }]
  containers:
  - name: main
    image: busybox:1.36
    command: [sh, -c, '${command}; sleep 3600']
    volumeMounts: [{ name: cache, mountPath: /cache }]
    ${more}
`;

describe('a pod that fills the disk', { skip: await reasonToSkipContainers() }, () => {
  let cluster: TestCluster;
  before(async () => {
    cluster = await startCluster({ nodes: 1, runtime: 'containerd', images: await imageFiles(), flags: networkFlags(freeNetworks()) });
    const limit = 'resources: { limits: { ephemeral-storage: 2Mi } }';
    const input = [
      pod('volume', 'dd if=/dev/zero of=/cache/x bs=1M count=3'),
      pod('layer', 'dd if=/dev/zero of=/x bs=1M count=4', limit),
      pod('modest', 'echo hello > /cache/x', limit),
    ].join('---');
    const { code, stderr } = await cluster.kubectl.run(['apply', '-f', '-'], { input });
    assert.equal(code, 0, stderr);
  });
  after(() => cluster?.remove());

  const status = (name: string): Promise<string> =>
    cluster.kubectl.ok('get', 'pod', name, '-o', 'jsonpath={.status.phase}|{.status.reason}|{.status.message}');

  test('a pod that fills the disk is ended when its volume is larger than it may be', async () => {
    const expected = 'Failed|Evicted|Usage of EmptyDir volume "cache" exceeds the limit "1Mi". ';
    await eventually(async () => assert.equal(await status('volume'), expected), 60_000);
  });

  test('a pod that fills the disk is ended when it wrote more than its limit', async () => {
    const expected = 'Failed|Evicted|Pod ephemeral local storage usage exceeds the total limit of containers 2Mi. ';
    await eventually(async () => assert.equal(await status('layer'), expected), 60_000);
    const path = 'jsonpath={.status.containerStatuses[0].state.terminated.exitCode}';
    await eventually(async () => assert.equal(await cluster.kubectl.ok('get', 'pod', 'layer', '-o', path), '137'), 30_000);
  });

  test('leaves the others alone', async () => {
    assert.equal(await status('modest'), 'Running||');
  });
});
