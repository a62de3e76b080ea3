import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import type { Node, PersistentVolume, PersistentVolumeClaim, Volume } from '../../../functions/kube/generated/types.ts';
import { localPathFinalizer, localPathNodeAnnotation, localPathProvisioner } from '../../../functions/kube/local-path.ts';
import { lookupOf } from '../../../test/support/node-context.ts';
import { pod } from '../../../test/support/node-pod.ts';
import type { RemoteMount } from '../../files/remote-mount.ts';
import { directories } from '../../pods/directories.ts';
import { allPlugins } from '../all-plugins.ts';
import { cleanUpLocalPaths, removeLocalPath } from '../local-path/local-path.ts';
import { createNodeVolumes } from '../node-volumes.ts';
import { VolumeError, type PodVolume } from '../volumes.ts';

const root = mkdtempSync(join(tmpdir(), 'claims-'));
after(() => rmSync(root, { recursive: true }));

const claim = (fields: Partial<PersistentVolumeClaim> = {}): PersistentVolumeClaim => ({
  metadata: { name: 'data', namespace: 'default', uid: 'claim-uid' },
  spec: { volumeName: 'disk' },
  status: { phase: 'Bound' },
  ...fields,
});

const volume = (spec: PersistentVolume['spec'], annotations: Record<string, string> = {}): PersistentVolume => ({
  metadata: { name: 'disk', uid: 'volume-uid', annotations },
  spec: { claimRef: { namespace: 'default', name: 'data', uid: 'claim-uid' }, ...spec },
});

const provisioned = { 'pv.kubernetes.io/provisioned-by': localPathProvisioner, [localPathNodeAnnotation]: 'node-a' };
const ownNode: Node = { metadata: { name: 'node-a', labels: { 'kubernetes.io/hostname': 'node-a' } }, spec: {} };

let count = 0;
const mounted: RemoteMount[] = [];
async function setUp(
  known: { claim?: PersistentVolumeClaim; volume?: PersistentVolume },
  source: Omit<Volume, 'name'> = { persistentVolumeClaim: { claimName: 'data' } },
  spec: Parameters<typeof pod>[0] = {},
): Promise<PodVolume | undefined> {
  const volumes = createNodeVolumes({
    directories: directories(join(root, `agent-${(count += 1)}`)),
    plugins: allPlugins({
      lookup: lookupOf({}),
      claims: {
        claim: (namespace, name) => (namespace === 'default' && name === known.claim?.metadata.name ? known.claim : undefined),
        persistentVolume: (name) => (name === known.volume?.metadata.name ? known.volume : undefined),
        ownNode: () => ownNode,
      },
      stamp: () => 'stamp',
      certificates: { credential: async () => ({ keyPem: '', chainPem: '' }) },
      tokens: { token: async () => '' },
      facts: { allocatable: {}, hostIps: [], nodeName: 'node-a' },
      imageMounts: { unmount: async () => {} },
      mountMemory: async () => {},
      mountRemote: async (mount) => void mounted.push(mount),
    }),
  });
  return (await volumes.setUp(pod({ ...spec, volumes: [{ name: 'v', ...source }] }))).get('v');
}

const fails = (work: Promise<unknown>, message: string, volumeName = 'v'): Promise<void> =>
  assert.rejects(work, (error) => error instanceof VolumeError && error.message === message && error.volumeName === volumeName);

const onNode = (hostname: string): PersistentVolume['spec'] => ({
  nodeAffinity: {
    required: { nodeSelectorTerms: [{ matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: [hostname] }] }] },
  },
});

describe('a claim', () => {
  test('a claim is the directory of its volume', async () => {
    const path = join(root, 'there');
    mkdirSync(path);
    assert.deepEqual(await setUp({ claim: claim(), volume: volume({ local: { path } }) }), { path, isReadOnly: false });
    assert.deepEqual(await setUp({ claim: claim(), volume: volume({ hostPath: { path, type: 'Directory' } }) }), {
      path,
      isReadOnly: false,
    });
    const readOnly = { persistentVolumeClaim: { claimName: 'data', readOnly: true } };
    assert.deepEqual(await setUp({ claim: claim(), volume: volume({ local: { path } }) }, readOnly), { path, isReadOnly: true });
  });

  test('a claim of an NFS volume mounts the server’s directory with the options of the volume', async () => {
    const nfs = { nfs: { server: 's', path: '/exports' }, mountOptions: ['nolock'] };
    const found = await setUp({ claim: claim(), volume: volume(nfs) }, { persistentVolumeClaim: { claimName: 'data', readOnly: true } });
    assert.deepEqual(mounted, [{ type: 'nfs', source: 's:/exports', target: found?.path, options: ['nolock', 'ro'] }]);
    assert.equal(found?.isReadOnly, true);
  });

  test('a claim of the local path provisioner is a directory that is made for every user', async () => {
    const path = join(root, 'made/disk');
    await setUp({ claim: claim(), volume: volume({ local: { path }, ...onNode('node-a') }, provisioned) });
    assert.equal(statSync(path).mode & 0o777, 0o777);
  });

  test('a claim that is absent, unbound, another one, or elsewhere keeps its pod waiting', async () => {
    const local = { local: { path: join(root, 'absent') } };
    await fails(setUp({}), 'persistentvolumeclaim "data" not found');
    await fails(
      setUp({ claim: claim({ spec: {}, status: { phase: 'Pending' } }) }),
      'PVC default/data has non-bound phase ("Pending") or empty pvc.Spec.VolumeName ("")',
    );
    await fails(
      setUp({ claim: claim(), volume: volume({ ...local, claimRef: { uid: 'other' } }) }),
      'found PV object disk but its pv.Spec.ClaimRef.UID other does not point to claim.UID claim-uid',
    );
    await fails(setUp({ claim: claim(), volume: volume(local) }), `path "${local.local.path}" does not exist`, 'disk');
    await fails(
      setUp({ claim: claim(), volume: volume({ ...local, ...onNode('node-b') }) }),
      'the node affinity of volume disk does not match this node',
    );
    await fails(
      setUp({ claim: claim(), volume: volume({ rbd: { image: 'i', monitors: ['m'] } }) }),
      'a volume of this kind is not supported by this node',
      'disk',
    );
  });

  test('a claim of an ephemeral volume must be the pod’s own', async () => {
    const source = { ephemeral: { volumeClaimTemplate: { metadata: {}, spec: {} } } };
    const made = claim({ metadata: { name: 'web-v', namespace: 'default', uid: 'claim-uid' } });
    await fails(setUp({ claim: made }, source), 'PVC default/web-v was not created for pod default/web (pod is not owner)');
  });
});

describe('a released volume of the local path provisioner', () => {
  const released = (path: string, phase = 'Released'): PersistentVolume => ({
    ...volume({ local: { path }, persistentVolumeReclaimPolicy: 'Delete' }, provisioned),
    metadata: {
      name: 'disk',
      annotations: provisioned,
      finalizers: ['other', localPathFinalizer],
      deletionTimestamp: '2026-01-01T00:00:00Z',
    },
    status: { phase },
  });
  const cleanUp = async (one: PersistentVolume, nodeName = 'node-a'): Promise<(string[] | undefined)[]> => {
    const written: (string[] | undefined)[] = [];
    const update = async <T extends { metadata: PersistentVolume['metadata'] }>(_type: unknown, object: T): Promise<T> => {
      written.push(object.metadata.finalizers);
      return object;
    };
    await cleanUpLocalPaths({ nodeName, volumes: [one], client: { update }, remove: removeLocalPath });
    return written;
  };
  const filled = (name: string): string => {
    const path = join(root, name, 'disk');
    mkdirSync(path, { recursive: true });
    writeFileSync(join(path, 'file'), 'data');
    return path;
  };

  test('a released volume of the local path provisioner loses its data, and then its finalizer', async () => {
    const path = filled('released');
    assert.deepEqual(await cleanUp(released(path)), [['other']]);
    assert.equal(existsSync(path), false);
    assert.deepEqual(await cleanUp(released(path)), [['other']]);
  });

  test('a local-path volume keeps its data while it is bound, on another node, or to be retained', async () => {
    const path = filled('kept');
    assert.deepEqual(await cleanUp(released(path, 'Bound')), []);
    assert.deepEqual(await cleanUp(released(path), 'node-b'), []);
    const retained = released(path);
    assert.deepEqual(await cleanUp({ ...retained, spec: { ...retained.spec, persistentVolumeReclaimPolicy: 'Retain' } }), [['other']]);
    assert.equal(existsSync(join(path, 'file')), true);
  });

  test('a released volume of the local path provisioner loses nothing that does not bear its name', async () => {
    const path = filled('foreign');
    await cleanUp(released(join(root, 'foreign')));
    assert.equal(existsSync(path), true);
  });
});
