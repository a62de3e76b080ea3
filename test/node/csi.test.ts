/** Volumes of a CSI driver on a real node: registered, attached, staged, published, grown, given back. */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { startCluster, type TestCluster } from '../support/cluster-process.ts';
import { startCsiDriver, type CsiDriverProcess } from '../support/csi-driver.ts';
import { eventually } from '../support/eventually.ts';
import { freeNetworks, networkFlags } from '../support/free-networks.ts';
import { imageFiles, reasonToSkipContainers } from '../support/real-nodes.ts';

const driver = 'dirs.example.com';

const manifest = `
apiVersion: storage.k8s.io/v1
kind: CSIDriver
metadata: { name: ${driver} }
spec: { attachRequired: true, podInfoOnMount: true, fsGroupPolicy: File, volumeLifecycleModes: [Persistent, Ephemeral] }
---
apiVersion: v1
kind: Secret
metadata: { name: key }
stringData: { password: p4ss }
---
apiVersion: v1
kind: PersistentVolume
metadata: { name: disk }
spec:
  capacity: { storage: 1Gi }
  accessModes: [ReadWriteOnce]
  mountOptions: [noatime]
  csi:
    driver: ${driver}
    volumeHandle: vol-1
    fsType: ext4
    volumeAttributes: { color: blue }
    nodeStageSecretRef: { namespace: default, name: key }
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: { name: data }
spec: { accessModes: [ReadWriteOnce], storageClassName: '', volumeName: disk, resources: { requests: { storage: 1Gi } } }
`;

const pod = (name: string, command: string): string => `
apiVersion: v1
kind: Pod
metadata: { name: ${name} }
spec:
  terminationGracePeriodSeconds: 0
  securityContext: { fsGroup: 2000 }
  containers:
  - name: main
    image: busybox:1.36
    command: [sh, -c, '${command}; sleep 3600']
    volumeMounts: [{ name: data, mountPath: /data }, { name: own, mountPath: /own }]
  volumes:
  - { name: data, persistentVolumeClaim: { claimName: data } }
  - { name: own, csi: { driver: ${driver}, volumeAttributes: { size: small } } }
`;

describe('volumes of a CSI driver', { skip: await reasonToSkipContainers() }, () => {
  let cluster: TestCluster;
  let process: CsiDriverProcess;
  const dataDirectory = mkdtempSync(join(tmpdir(), 'csi-'));

  const apply = async (input: string): Promise<void> => {
    const { code, stderr } = await cluster.kubectl.run(['apply', '-f', '-'], { input });
    assert.equal(code, 0, stderr);
  };
  const get = (...args: string[]): Promise<string> => cluster.kubectl.ok('get', ...args);
  const asked = (method: string): Record<string, unknown>[] =>
    process.calls.filter((call) => call.method === method).map(({ request }) => request);

  before(async () => {
    cluster = await startCluster({ nodes: 1, runtime: 'containerd', images: await imageFiles(), flags: networkFlags(freeNetworks()) });
    const kubeletDirectory = join(cluster.directory, 'nodes', 'node-1', 'agent');
    process = await startCsiDriver({ name: driver, kubeletDirectory, dataDirectory, maxVolumes: 7 });
  });
  after(async () => {
    await cluster?.remove();
    process?.stop();
    rmSync(dataDirectory, { recursive: true, force: true });
  });

  test('the driver registers, and the cluster learns of it', async () => {
    const spec = await eventually(async () => {
      assert.deepEqual(process.registrations, [{ pluginRegistered: true, error: '' }]);
      return JSON.parse(await get('csinode', 'node-1', '-o', 'jsonpath={.spec.drivers[0]}')) as object;
    }, 30_000);
    assert.deepEqual(spec, { allocatable: { count: 7 }, name: driver, nodeID: `${driver}-node`, topologyKeys: [`${driver}/zone`] });
    assert.equal(await get('node', 'node-1', '-o', `jsonpath={.metadata.labels.dirs\\.example\\.com/zone}`), 'z1');
  });

  test('a pod starts when its volume is attached, with its files for its group', async () => {
    await apply(manifest);
    await apply(pod('one', 'echo hello > /data/greeting; echo mine > /own/file'));
    const name = await eventually(async () => {
      const found = await get('volumeattachments', '-o', 'jsonpath={.items[0].metadata.name}');
      assert.notEqual(found, '');
      return found;
    }, 30_000);
    assert.deepEqual(asked('NodeStageVolume'), []);
    const status = JSON.stringify({ status: { attached: true, attachmentMetadata: { device: '/dev/x' } } });
    await cluster.kubectl.ok('patch', 'volumeattachment', name, '--subresource', 'status', '--type', 'merge', '-p', status);
    await cluster.kubectl.ok('wait', 'pod/one', '--for=condition=Ready', '--timeout=90s');
    const [stage] = asked('NodeStageVolume');
    assert.deepEqual(stage?.['publishContext'], { device: '/dev/x' });
    assert.deepEqual(stage?.['secrets'], { password: 'p4ss' });
    assert.deepEqual(stage?.['volumeContext'], { color: 'blue' });
    assert.deepEqual(stage?.['volumeCapability'], {
      block: null,
      mount: { fsType: 'ext4', mountFlags: ['noatime'], volumeMountGroup: '' },
      accessMode: { mode: 1 },
    });
    await eventually(async () => assert.equal(readFileSync(join(dataDirectory, 'vol-1', 'greeting'), 'utf8'), 'hello\n'), 10_000);
    assert.equal(statSync(join(dataDirectory, 'vol-1')).gid, 2000);
    const published = asked('NodePublishVolume').map(({ volumeContext }) => volumeContext as Record<string, string>);
    const facts = published.map((context) => [context['csi.storage.k8s.io/pod.name'], context['csi.storage.k8s.io/ephemeral']]);
    assert.deepEqual(
      facts.toSorted(([, a = ''], [, b = '']) => (a < b ? -1 : 1)),
      [
        ['one', 'false'],
        ['one', 'true'],
      ],
    );
    await eventually(async () => {
      const inUse = await get('node', 'node-1', '-o', 'jsonpath={.status.volumesInUse[0]} {.status.volumesAttached[0].name}');
      assert.equal(inUse, `kubernetes.io/csi/${driver}^vol-1 kubernetes.io/csi/${driver}^vol-1`);
    }, 30_000);
  });

  test('a volume grows while it is used', async () => {
    await cluster.kubectl.ok('patch', 'pv', 'disk', '-p', '{"spec":{"capacity":{"storage":"2Gi"}}}');
    await eventually(async () => assert.equal(await get('pvc', 'data', '-o', 'jsonpath={.status.capacity.storage}'), '2Gi'), 30_000);
    assert.deepEqual(asked('NodeExpandVolume').at(-1)?.['capacityRange'], { requiredBytes: 2 * 1024 ** 3, limitBytes: 0 });
  });

  test('a second pod shares what is staged, and the last one gives it back', async () => {
    await apply(pod('two', 'cat /data/greeting'));
    await cluster.kubectl.ok('wait', 'pod/two', '--for=condition=Ready', '--timeout=60s');
    assert.equal(await cluster.kubectl.ok('logs', 'two'), 'hello\n');
    await cluster.kubectl.ok('delete', 'pod', 'one');
    await eventually(async () => assert.equal(asked('NodeUnpublishVolume').length, 2), 30_000);
    assert.deepEqual(asked('NodeUnstageVolume'), []);
    assert.equal(await cluster.kubectl.ok('exec', 'two', '--', 'cat', '/data/greeting'), 'hello\n');
    await cluster.kubectl.ok('delete', 'pod', 'two');
    await eventually(async () => assert.equal(asked('NodeUnstageVolume').length, 1), 30_000);
    await eventually(async () => assert.equal(await get('volumeattachments', '-o', 'name'), ''), 30_000);
    assert.equal(existsSync(join(dataDirectory, 'vol-1', 'greeting')), true);
    assert.ok(!readFileSync('/proc/self/mountinfo', 'utf8').includes(cluster.directory + '/nodes/node-1/agent/plugins/kubernetes.io'));
  });

  test('a driver that goes is taken out of the CSINode', async () => {
    process.stop();
    await eventually(async () => assert.equal(await get('csinode', 'node-1', '-o', 'jsonpath={.spec.drivers[*].name}'), ''), 30_000);
  });
});
