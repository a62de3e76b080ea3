import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import type { Pod, PodSpec, Volume } from '../../functions/kube/generated/types.ts';
import { lookupOf, type KnownObjects } from '../../test/support/node-context.ts';
import { container, pod } from '../../test/support/node-pod.ts';
import type { RemoteMount } from '../files/remote-mount.ts';
import { directories } from '../pods/directories.ts';
import { createNodeVolumes } from './node-volumes.ts';
import { allPlugins } from './all-plugins.ts';
import { VolumeError } from './volumes.ts';

const root = mkdtempSync(join(tmpdir(), 'volumes-'));
after(() => rmSync(root, { recursive: true }));

const metadata = (name: string) => ({ name, namespace: 'default' });
const settings = { metadata: metadata('settings'), data: { color: 'blue', size: 'xl' }, binaryData: { raw: 'AAEC' } };
const key = { metadata: metadata('key'), data: { token: 'c2VjcmV0' } };

let count = 0;
function node(known: KnownObjects = { configMaps: [settings], secrets: [key] }) {
  const where = directories(join(root, String((count += 1))));
  const inMemory: string[] = [];
  const mounted: RemoteMount[] = [];
  let objects = known;
  let stamps = 0;
  const volumes = createNodeVolumes({
    directories: where,
    plugins: allPlugins({
      lookup: {
        configMap: (...at) => lookupOf(objects).configMap(...at),
        secret: (...at) => lookupOf(objects).secret(...at),
        services: () => [],
        runtimeClass: () => undefined,
        clusterTrustBundles: () => [],
      },
      claims: { claim: () => undefined, persistentVolume: () => undefined, ownNode: () => undefined },
      stamp: () => `stamp-${(stamps += 1)}`,
      certificates: { credential: async () => ({ keyPem: '', chainPem: '' }) },
      tokens: { token: async (_pod, { audience }) => `token for ${audience ?? 'the cluster'}` },
      facts: { allocatable: { cpu: '2', memory: '1Gi' }, hostIps: ['192.168.0.1'], nodeName: 'node-a' },
      imageMounts: { unmount: async () => {} },
      mountMemory: async (path, bytesMax = 0) => void inMemory.push(`${path.split('/').slice(-2).join('/')} ${bytesMax}`),
      mountRemote: async (mount) => void mounted.push(mount),
    }),
  });
  const setUp = async (volume: Omit<Volume, 'name'>, spec: Partial<PodSpec> = {}, of: Pod['metadata'] = {}): Promise<string> => {
    const paths = await volumes.setUp(pod({ ...spec, volumes: [{ name: 'v', ...volume }] }, of));
    return paths.get('v')!.path;
  };
  return { where, volumes, setUp, inMemory, mounted, change: (next: KnownObjects) => (objects = next) };
}

/** `name mode content` of every file that a pod would see. */
const seen = (path: string): string[] =>
  readdirSync(path)
    .filter((name) => !name.startsWith('..'))
    .flatMap((name) => {
      const at = join(path, name);
      if (statSync(at).isDirectory()) return seen(at).map((line) => `${name}/${line}`);
      return [`${name} ${(statSync(at).mode & 0o777).toString(8)} ${readFileSync(at, 'utf8')}`];
    });
const fails = (setUp: Promise<unknown>, message: string): Promise<void> =>
  assert.rejects(setUp, (error) => error instanceof VolumeError && error.volumeName === 'v' && error.message === message);

describe('a ConfigMap volume', () => {
  test('a ConfigMap volume shows every key as a file', async () => {
    assert.deepEqual(seen(await node().setUp({ configMap: { name: 'settings' } })), [
      'color 644 blue',
      'raw 644 \0\x01\x02',
      'size 644 xl',
    ]);
  });

  test('a ConfigMap volume shows only the items that are asked for, where and how they are asked for', async () => {
    const items = [
      { key: 'color', path: 'deep/er/color', mode: 0o400 },
      { key: 'size', path: 'size' },
    ];
    assert.deepEqual(seen(await node().setUp({ configMap: { name: 'settings', defaultMode: 0o640, items } })), [
      'deep/er/color 400 blue',
      'size 640 xl',
    ]);
  });

  test('a ConfigMap volume waits for its object and its keys, unless they are optional', async () => {
    const { setUp } = node();
    const items = [{ key: 'taste', path: 'taste' }];
    await fails(setUp({ configMap: { name: 'absent' } }), 'configmap "absent" not found');
    await fails(setUp({ configMap: { name: 'settings', items } }), 'configmap references non-existent config key: taste');
    assert.deepEqual(seen(await setUp({ configMap: { name: 'absent', optional: true } })), []);
    assert.deepEqual(seen(await setUp({ configMap: { name: 'settings', items, optional: true } })), []);
  });

  test('a ConfigMap volume follows its object', async () => {
    const { setUp, change, volumes } = node();
    const volume = { configMap: { name: 'settings' } };
    const path = await setUp(volume);
    change({ configMaps: [{ ...settings, binaryData: {}, data: { color: 'green' } }] });
    await volumes.refresh(
      pod({
        volumes: [
          { name: 'v', ...volume },
          { name: 'w', emptyDir: {} },
        ],
      }),
    );
    assert.deepEqual(seen(path), ['color 644 green']);
    assert.deepEqual(
      readdirSync(path).filter((name) => name.startsWith('..')),
      ['..data', '..stamp-2'],
    );
  });
});

describe('a Secret volume', () => {
  test('a Secret volume is in memory, and a missing Secret or key fails with the kubelet’s message', async () => {
    const { setUp, inMemory } = node();
    assert.deepEqual(seen(await setUp({ secret: { secretName: 'key', defaultMode: 0o400 } })), ['token 400 secret']);
    assert.deepEqual(inMemory, ['kubernetes.io~secret/v 0']);
    await fails(setUp({ secret: { secretName: 'absent' } }), 'secret "absent" not found');
    const items = [{ key: 'x', path: 'x' }];
    await fails(setUp({ secret: { secretName: 'key', items } }), 'references non-existent secret key: x');
  });
});

describe('a downward API volume', () => {
  const items = [
    { path: 'name', fieldRef: { fieldPath: 'metadata.name' } },
    { path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } },
    { path: 'zone', fieldRef: { fieldPath: "metadata.annotations['zone']" }, mode: 0o400 },
    { path: 'cpus', resourceFieldRef: { containerName: 'main', resource: 'limits.cpu', divisor: '1m' } },
  ];

  test('a downward API volume holds fields of its pod, and follows their changes', async () => {
    const { setUp, volumes } = node();
    const of = { labels: { b: '2', a: '1' }, annotations: { zone: 'z1' } };
    const path = await setUp({ downwardAPI: { items } }, {}, of);
    assert.deepEqual(seen(path), ['cpus 644 2000', 'labels 644 a="1"\nb="2"', 'name 644 web', 'zone 400 z1']);
    await volumes.refresh(pod({ volumes: [{ name: 'v', downwardAPI: { items } }] }, { ...of, labels: { a: '3' } }));
    assert.equal(readFileSync(join(path, 'labels'), 'utf8'), 'a="3"');
  });
});

describe('a projected volume', () => {
  const apiAccess: Volume['projected'] = {
    defaultMode: 0o644,
    sources: [
      { serviceAccountToken: { path: 'token', expirationSeconds: 3607 } },
      { configMap: { name: 'settings', items: [{ key: 'color', path: 'ca.crt' }] } },
      { downwardAPI: { items: [{ path: 'namespace', fieldRef: { fieldPath: 'metadata.namespace' } }] } },
      { secret: { name: 'key', items: [{ key: 'token', path: 'sub/key' }] } },
    ],
  };

  test('a projected volume joins its sources', async () => {
    const { setUp, inMemory } = node();
    assert.deepEqual(seen(await setUp({ projected: apiAccess })), [
      'ca.crt 644 blue',
      'namespace 644 default',
      'sub/key 644 secret',
      'token 644 token for the cluster',
    ]);
    assert.deepEqual(inMemory, ['kubernetes.io~projected/v 0']);
  });

  test('a projected volume asks for a token of the audience that is named', async () => {
    const sources = [{ serviceAccountToken: { path: 'vault', audience: 'vault' } }];
    assert.deepEqual(seen(await node().setUp({ projected: { sources } })), ['vault 644 token for vault']);
  });

  test(
    'a projected volume gives the token to the one user who needs it',
    { skip: process.getuid!() === 0 ? false : 'only root gives files away' },
    async () => {
      const sources = [{ serviceAccountToken: { path: 'token' } }];
      const containers = [container('main', { securityContext: { runAsUser: 1000 } })];
      const path = await node().setUp({ projected: { sources } }, { containers });
      const { uid, mode } = statSync(join(path, 'token'));
      assert.deepEqual([uid, mode & 0o777], [1000, 0o600]);
      const shared = await node().setUp({ projected: { sources } }, { securityContext: { fsGroup: 2000 } });
      const { gid, mode: groupMode } = statSync(join(shared, 'token'));
      assert.deepEqual([gid, groupMode & 0o777], [2000, 0o640]);
    },
  );

  test('a projected volume fails with all its missing sources at once', async () => {
    const { setUp } = node();
    const absent = [{ configMap: { name: 'x' } }, { secret: { name: 'y' } }];
    await fails(setUp({ projected: { sources: [absent[0]!] } }), 'configmap "x" not found');
    await fails(setUp({ projected: { sources: absent } }), '[configmap "x" not found, secret "y" not found]');
    await fails(
      setUp({ projected: { sources: [{ clusterTrustBundle: { path: 'p', name: 'roots' } }] } }),
      'while getting ClusterTrustBundle: clustertrustbundle.certificates.k8s.io "roots" not found',
    );
  });
});

describe('an emptyDir', () => {
  test('an emptyDir is writable for all users, and keeps its content when it is set up again', async () => {
    const { setUp } = node();
    const path = await setUp({ emptyDir: {} });
    assert.equal(statSync(path).mode & 0o777, 0o777);
    writeFileSync(join(path, 'file'), 'kept');
    assert.equal(await setUp({ emptyDir: {} }), path);
    assert.deepEqual(seen(path), ['file 644 kept']);
  });

  test('an emptyDir of memory is as large as it may be', async () => {
    const { setUp, inMemory } = node();
    await setUp({ emptyDir: { medium: 'Memory', sizeLimit: '16Mi' } });
    assert.deepEqual(inMemory, [`kubernetes.io~empty-dir/v ${16 << 20}`]);
  });
});

describe('a hostPath', () => {
  const host = join(root, 'host');
  mkdirSync(host);
  writeFileSync(join(host, 'file'), '');
  const at = (name: string, type?: string) => node().setUp({ hostPath: { path: join(host, name), type } });

  test('a hostPath is taken as it is when no type is asked for', async () => {
    assert.equal(await at('nothing'), join(host, 'nothing'));
    assert.equal(await at('nothing', ''), join(host, 'nothing'));
  });

  test('a hostPath of a type that is to be made is made', async () => {
    assert.equal(statSync(await at('made/deep', 'DirectoryOrCreate')).mode & 0o777, 0o755);
    assert.equal(statSync(await at('made/file', 'FileOrCreate')).isFile(), true);
  });

  test('a hostPath of any type is checked', async () => {
    const socket = createServer().listen(join(host, 'socket'));
    await new Promise((resolve) => socket.on('listening', resolve));
    await at('', 'Directory');
    await at('file', 'File');
    await at('socket', 'Socket');
    assert.equal(await node().setUp({ hostPath: { path: '/dev/null', type: 'CharDevice' } }), '/dev/null');
    const wrong = (name: string, type: string, what: string): Promise<void> =>
      fails(at(name, type), `hostPath type check failed: ${join(host, name)} is not a ${what}`);
    await wrong('file', 'Directory', 'directory');
    await wrong('file', 'DirectoryOrCreate', 'directory');
    await wrong('socket', 'File', 'file');
    await wrong('nothing', 'Socket', 'socket');
    await wrong('file', 'BlockDevice', 'block device');
    await wrong('file', 'CharDevice', 'character device');
    socket.close();
  });
});

test('a kind that the node does not know is refused by name', async () => {
  await fails(node().setUp({ rbd: { image: 'i', monitors: [] } }), 'volumes of type rbd are not supported by this node');
});

test('tearing down takes everything of the pod away, and can be done twice', async () => {
  const { setUp, volumes, where } = node();
  await setUp({ configMap: { name: 'settings' } });
  assert.deepEqual(readdirSync(where.pod('u1')), ['plugins', 'volumes']);
  await volumes.tearDown('u1');
  await volumes.tearDown('u1');
  assert.throws(() => readdirSync(where.pod('u1')), { code: 'ENOENT' });
});

test('an NFS volume is mounted at the pod’s own directory, read-only where its source asks for it', async () => {
  const { volumes, mounted } = node();
  const of = pod({ volumes: [{ name: 'v', nfs: { server: 'files', path: '/a', readOnly: true } }] });
  const { path, isReadOnly } = (await volumes.setUp(of)).get('v')!;
  assert.deepEqual(mounted, [{ type: 'nfs', source: 'files:/a', target: path, options: ['ro'] }]);
  assert.ok(isReadOnly && path.endsWith('/volumes/kubernetes.io~nfs/v'), path);
});
