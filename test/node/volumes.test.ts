/** Claims on real nodes: the default class gives a directory that outlives pods, belongs to its node, and goes with its claim. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startCluster, type TestCluster } from '../support/cluster-process.ts';
import { eventually } from '../support/eventually.ts';
import { freeNetworks, networkFlags } from '../support/free-networks.ts';
import type { Kubectl } from '../support/kubectl.ts';
import { imageFiles, reasonToSkipContainers } from '../support/real-nodes.ts';

const claims = `
apiVersion: apps/v1
kind: StatefulSet
metadata: { name: db }
spec:
  serviceName: db
  replicas: 2
  podManagementPolicy: Parallel
  persistentVolumeClaimRetentionPolicy: { whenDeleted: Delete }
  selector: { matchLabels: { app: db } }
  template:
    metadata: { labels: { app: db } }
    spec:
      terminationGracePeriodSeconds: 0
      containers:
      - name: db
        image: busybox:1.36
        command: [sh, -c, 'echo $HOSTNAME >> /data/starts; sleep 100000']
        securityContext: { runAsUser: 1000 }
        volumeMounts: [{ name: data, mountPath: /data }]
  volumeClaimTemplates:
  - metadata: { name: data }
    spec: { accessModes: [ReadWriteOnce], resources: { requests: { storage: 1Gi } } }
---
apiVersion: v1
kind: Pod
metadata: { name: stray }
spec:
  containers: [{ name: main, image: 'busybox:1.36', command: [sleep, '100000'] }]
  volumes: [{ name: data, persistentVolumeClaim: { claimName: nope } }]
---
apiVersion: v1
kind: Pod
metadata: { name: remote }
spec:
  containers: [{ name: main, image: 'busybox:1.36', command: [sleep, '100000'] }]
  volumes: [{ name: data, nfs: { server: 127.0.0.1, path: /exports } }]
`;

describe('claims on two nodes', { skip: await reasonToSkipContainers() }, () => {
  let cluster: TestCluster;
  let kubectl: Kubectl;

  before(async () => {
    cluster = await startCluster({
      nodes: 2,
      runtime: 'containerd',
      images: await imageFiles(),
      flags: networkFlags(freeNetworks()),
    });
    kubectl = cluster.kubectl;
    const { code, stderr } = await kubectl.run(['apply', '-f', '-'], { input: claims });
    assert.equal(code, 0, stderr);
    await kubectl.ok('rollout', 'status', 'statefulset/db', '--timeout=240s');
  });
  after(() => cluster?.remove());

  const starts = (name: string): Promise<string> => kubectl.ok('exec', name, '--', 'cat', '/data/starts');
  const nodeOf = (name: string): Promise<string> => kubectl.ok('get', 'pod', name, '-o', 'jsonpath={.spec.nodeName}');

  test('a pod that comes back finds its data, on the same node', async () => {
    const before = await nodeOf('db-0');
    await kubectl.ok('delete', 'pod', 'db-0');
    await eventually(async () => assert.equal(await starts('db-0'), 'db-0\ndb-0\n'), 60_000);
    assert.equal(await nodeOf('db-0'), before);
    assert.equal(await starts('db-1'), 'db-1\n');
  });

  test('a pod whose claim is absent waits, and its condition names the claim', async () => {
    const why = await kubectl.ok('get', 'pod', 'stray', '-o', 'jsonpath={.status.phase} {.status.conditions[0].message}');
    assert.match(why, /^Pending 0\/2 nodes are available: persistentvolumeclaim "nope" not found\./);
  });

  test('a pod whose NFS server cannot be mounted waits, and its event has what mount printed', async () => {
    const event = 'involvedObject.name=remote,reason=FailedMount';
    await eventually(async () => {
      const text = await kubectl.ok('get', 'events', '--field-selector', event, '-o', 'jsonpath={.items[0].message}');
      const command = String.raw`Mounting command: mount\nMounting arguments:  -t nfs 127\.0\.0\.1:/exports /\S+/volumes/kubernetes\.io~nfs/data`;
      assert.match(
        text,
        new RegExp(String.raw`^MountVolume\.SetUp failed for volume "data" : mount failed: exit status \d+\n${command}\nOutput: mount`),
      );
    }, 60_000);
    await kubectl.ok('delete', 'pod', 'remote', '--wait=true');
  });

  test('data goes with its claim, and the volume after it', async () => {
    assert.equal((await kubectl.ok('get', 'pv', '-o', 'name')).trim().split('\n').length, 2);
    await kubectl.ok('delete', 'statefulset', 'db');
    await eventually(async () => assert.equal(await kubectl.ok('get', 'pvc,pv', '-o', 'name'), ''), 60_000);
  });
});
