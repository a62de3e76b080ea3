import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { virtualWorld } from '../../../test/support/virtual-world.ts';
import type { Node, Pod } from '../../kube/generated/types.ts';
import type { KubeObject } from '../../kube/object.ts';
import { leases, namespaces, nodes, pods, serviceAccounts } from '../../kube/resource-type.ts';
import type { ResourceType } from '../../kube/resource-type.ts';
import type { AnyDefinition } from '../../resources/definition.ts';
import { builtIn } from '../../kube/schema.ts';
import { memoryCluster } from '../nodes/memory-cluster.ts';
import type { AdmissionAttributes, User } from '../ports.ts';
import { admissionPlugins } from './admission-plugins.ts';

const jane: User = { name: 'jane', groups: [] };
const nodeA: User = { name: 'system:node:a', groups: ['system:nodes'] };

async function setUp() {
  const world = virtualWorld();
  const cluster = await memoryCluster(world);
  for (const name of ['default', 'empty', 'kube-node-lease']) await cluster.put(namespaces, { metadata: { name }, spec: {} });
  const plugins = admissionPlugins({ ...world, store: cluster.store });
  async function admit<T extends KubeObject>(
    type: ResourceType<T>,
    object: T | undefined,
    parts: Partial<AdmissionAttributes> = {},
  ): Promise<T> {
    const { name = '', namespace = '' } = object?.metadata ?? {};
    const attributes: AdmissionAttributes = {
      operation: 'CREATE',
      type,
      kind: type,
      served: { type, schema: builtIn('io.k8s.api.core.v1.Pod') },
      options: {},
      definition: { type, schema: builtIn('io.k8s.api.core.v1.Pod'), singular: '', columns: [] } as AnyDefinition,
      reinvocation: { isSecond: false, isNeeded: false, notes: new Map() },
      warn: () => undefined,
      annotate: () => undefined,
      subresource: '',
      namespace,
      name,
      object,
      oldObject: undefined,
      user: jane,
      dryRun: false,
      ...parts,
    };
    for (const plugin of plugins.filter((one) => one.handles(attributes))) await plugin.admit?.(attributes);
    for (const plugin of plugins.filter((one) => one.handles(attributes))) await plugin.validate?.(attributes);
    return attributes.object as T;
  }
  return { ...cluster, world, plugins, admit };
}

const pod = (spec: Partial<Pod['spec']> = {}, metadata: object = { name: 'web' }): Pod => ({
  metadata: { namespace: 'default', ...metadata },
  spec: { containers: [], ...spec },
});
const account = { metadata: { name: 'default', namespace: 'default' }, imagePullSecrets: [{ name: 'registry' }] };
const seconds = (key: string, tolerationSeconds = 300) => ({ key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds });
const [notReady, unreachable] = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable'] as const;

test('the plugins come in upstream’s order', async () => {
  const { plugins } = await setUp();
  assert.deepEqual(
    plugins.map(({ name }) => name),
    [
      'NamespaceLifecycle',
      'LimitRanger',
      'ServiceAccount',
      'NodeRestriction',
      'TaintNodesByCondition',
      'PodSecurity',
      'Priority',
      'DefaultTolerationSeconds',
      'DefaultStorageClass',
      'StorageObjectInUseProtection',
      'PersistentVolumeClaimResize',
      'RuntimeClass',
      'CertificateApproval',
      'CertificateSigning',
      'CertificateSubjectRestriction',
      'DefaultIngressClass',
      'PodTopologyLabels',
      'MutatingAdmissionPolicy',
      'MutatingAdmissionWebhook',
      'ValidatingAdmissionPolicy',
      'ValidatingAdmissionWebhook',
      'ResourceQuota',
    ],
  );
});

test('nothing is created in a namespace that is absent or goes away, whatever else is wrong with it', async () => {
  const { admit, put } = await setUp();
  const place = { namespace: 'gone' };
  const absent = { code: 404, message: 'namespaces "gone" not found' };
  await assert.rejects(admit(pods, pod({ serviceAccountName: 'robot' }, { name: 'web', ...place }), place), absent);
  await put(namespaces, { metadata: { name: 'gone', deletionTimestamp: '2026-01-01T00:00:00Z' }, spec: {} });
  await assert.rejects(admit(pods, pod({ serviceAccountName: 'robot' }, { name: 'web', ...place }), place), {
    code: 403,
    message: 'pods "web" is forbidden: unable to create new content in namespace gone because it is being terminated',
  });
});

test('the namespaces that the cluster lives in stay', async () => {
  const { admit } = await setUp();
  for (const name of ['default', 'kube-system', 'kube-public', 'kube-node-lease']) {
    await assert.rejects(admit(namespaces, undefined, { operation: 'DELETE', name }), {
      code: 403,
      message: `namespaces "${name}" is forbidden: this namespace may not be deleted`,
    });
  }
  await admit(namespaces, undefined, { operation: 'DELETE', name: 'shop' });
});

test('a pod runs as the default ServiceAccount, pulls with its secrets, and outlives a short absence of its node', async () => {
  const { admit, put } = await setUp();
  await put(serviceAccounts, account);
  assert.deepEqual((await admit(pods, pod())).spec, {
    containers: [],
    serviceAccountName: 'default',
    serviceAccount: 'default',
    imagePullSecrets: [{ name: 'registry' }],
    priority: 0,
    preemptionPolicy: 'PreemptLowerPriority',
    tolerations: [seconds(notReady), seconds(unreachable)],
  });
});

test('a pod has the priority of its class, and no other', async () => {
  const { admit, put } = await setUp();
  await put(serviceAccounts, account);
  const critical = (await admit(pods, pod({ priorityClassName: 'system-node-critical' }))).spec;
  assert.deepEqual([critical?.priority, critical?.preemptionPolicy], [2_000_001_000, 'PreemptLowerPriority']);
  await assert.rejects(admit(pods, pod({ priorityClassName: 'none' })), {
    code: 403,
    message: /no PriorityClass with name none was found$/,
  });
  await assert.rejects(admit(pods, pod({ priority: 5 })), { code: 403, message: /computed 0 from the given PriorityClass name$/ });
});

describe('a token for the API', () => {
  const mountPath = '/var/run/secrets/kubernetes.io/serviceaccount';
  const two = { initContainers: [{ name: 'init' }], containers: [{ name: 'main', volumeMounts: [{ name: 'work', mountPath: '/work' }] }] };
  const mounted = async (spec: Partial<Pod['spec']>, automountServiceAccountToken?: boolean): Promise<NonNullable<Pod['spec']>> => {
    const { admit, put } = await setUp();
    await put(serviceAccounts, { ...account, automountServiceAccountToken });
    return (await admit(pods, pod(structuredClone(spec)))).spec!;
  };

  test('a token for the API is mounted into every container, with the authority and the namespace', async () => {
    const { volumes, containers, initContainers } = await mounted(two);
    const name = volumes![0]!.name;
    assert.match(name, /^kube-api-access-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
    const mount = { name, readOnly: true, mountPath };
    assert.deepEqual(initContainers, [{ name: 'init', volumeMounts: [mount] }]);
    assert.deepEqual(containers, [{ name: 'main', volumeMounts: [{ name: 'work', mountPath: '/work' }, mount] }]);
    assert.deepEqual(volumes, [
      {
        name,
        projected: {
          sources: [
            { serviceAccountToken: { expirationSeconds: 3607, path: 'token' } },
            { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
            { downwardAPI: { items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }] } },
          ],
          defaultMode: 420,
        },
      },
    ]);
  });

  test('a token for the API is not mounted where the pod, or else its account, does not want it', async () => {
    const hasToken = async (own?: boolean, ofAccount?: boolean): Promise<boolean> =>
      (await mounted({ ...two, automountServiceAccountToken: own }, ofAccount)).volumes !== undefined;
    assert.deepEqual(
      [await hasToken(), await hasToken(false), await hasToken(undefined, false), await hasToken(true, false), await hasToken(false, true)],
      [true, false, false, true, false],
    );
  });

  test('no token for the API is mounted over a container’s own mount; a present volume is used again', async () => {
    const own = { name: 'main', volumeMounts: [{ name: 'mine', mountPath }] };
    assert.deepEqual((await mounted({ containers: [own] })).containers, [own]);
    assert.equal((await mounted({ containers: [own] })).volumes, undefined);
    const existing = { name: 'kube-api-access-there', projected: {} };
    const { volumes, containers } = await mounted({ containers: [{ name: 'main' }], volumes: [existing] });
    assert.deepEqual([volumes, containers[0]!.volumeMounts![0]!.name], [[existing], 'kube-api-access-there']);
  });
});

test('what a pod’s own fields ask for stays', async () => {
  const { admit, put } = await setUp();
  await put(serviceAccounts, account);
  const own = { imagePullSecrets: [{ name: 'own' }], tolerations: [seconds(notReady, 5)] };
  const { spec } = await admit(pods, pod(own));
  assert.deepEqual(spec?.imagePullSecrets, own.imagePullSecrets);
  assert.deepEqual(spec?.tolerations, [seconds(notReady, 5), seconds(unreachable)]);
  assert.deepEqual((await admit(pods, pod({ tolerations: [{ operator: 'Exists' }] }))).spec?.tolerations, [{ operator: 'Exists' }]);
});

test('a pod that names a missing ServiceAccount is refused', async () => {
  const { admit } = await setUp();
  const message = (name: string) =>
    `pods "${name}" is forbidden: error looking up service account default/robot: serviceaccount "robot" not found`;
  const named = { serviceAccountName: 'robot' };
  await assert.rejects(admit(pods, pod(named)), { code: 403, message: message('web') });
  await assert.rejects(admit(pods, pod(named, { generateName: 'web-' })), { code: 403, message: message('web-') });
});

test('a pod that names a ServiceAccount by no name is refused', async () => {
  const { admit } = await setUp();
  const message =
    'pods "web" is forbidden: error looking up service account default/a/b: invalid resource name "a/b": [may not contain \'/\']';
  await assert.rejects(admit(pods, pod({ serviceAccountName: 'a/b' })), { code: 403, message });
});

test('a pod waits a moment for the default ServiceAccount of a new namespace', async () => {
  const { admit, put, world } = await setUp();
  const admitting = admit(pods, pod());
  await world.advance(300);
  await put(serviceAccounts, account);
  await world.advance(150);
  assert.equal((await admitting).spec?.serviceAccountName, 'default');
  const refused = assert.rejects(admit(pods, pod({}, { name: 'web', namespace: 'empty' })), {
    message: 'pods "web" is forbidden: error looking up service account empty/default: serviceaccount "default" not found',
  });
  await world.advance(2_000);
  await refused;
});

const node = (name: string, parts: object = {}): Node => ({ metadata: { name, ...parts }, spec: {} });

test('a node keeps to itself', async () => {
  const { admit, put } = await setUp();
  await put(pods, pod({ nodeName: 'b' }));
  const as = { user: nodeA };
  const update = { ...as, operation: 'UPDATE' } as const;
  const restricted = { labels: { 'node-restriction.kubernetes.io/pci': 'yes' } };
  const [mine, theirs] = [pod({ nodeName: 'a' }), pod({ nodeName: 'b' })];
  const lease = (name: string, namespace: string) => ({ metadata: { name, namespace }, spec: {} });
  const taints = [{ key: 'k', effect: 'NoSchedule' }];
  const table: readonly (readonly [Promise<unknown>, string])[] = [
    [admit(nodes, node('a'), as), ''],
    [admit(nodes, node('b'), as), 'nodes "b" is forbidden: node "a" is not allowed to modify node "b"'],
    [
      admit(nodes, node('a', restricted), as),
      'nodes "a" is forbidden: node "a" is not allowed to set the following labels: node-restriction.kubernetes.io/pci',
    ],
    [
      admit(nodes, { ...node('a'), spec: { taints } }, { ...update, oldObject: node('a') }),
      'nodes "a" is forbidden: node "a" is not allowed to modify taints',
    ],
    [admit(nodes, node('a'), { ...update, subresource: 'status', oldObject: node('a') }), ''],
    [admit(pods, mine, { ...update, subresource: 'status', oldObject: mine }), ''],
    [
      admit(pods, theirs, { ...update, subresource: 'status', oldObject: theirs }),
      'pods "web" is forbidden: node "a" can only update pod status for pods with spec.nodeName set to itself',
    ],
    [
      admit(pods, undefined, { ...as, operation: 'DELETE', oldObject: theirs, name: 'web' }),
      'pods "web" is forbidden: node "a" can only delete pods with spec.nodeName set to itself',
    ],
    [admit(pods, undefined, { ...as, operation: 'DELETE', oldObject: mine, name: 'web' }), ''],
    [
      admit(pods, pod({}, { name: 'web', namespace: 'default' }), { ...as, subresource: 'eviction', name: 'web' }),
      'pods "web" is forbidden: node a can only evict pods with spec.nodeName set to itself',
    ],
    [admit(leases, lease('a', 'kube-node-lease'), as), ''],
    [
      admit(leases, lease('a', 'default'), as),
      'leases.coordination.k8s.io "a" is forbidden: can only access leases in the "kube-node-lease" system namespace',
    ],
    [
      admit(leases, lease('b', 'kube-node-lease'), as),
      'leases.coordination.k8s.io "b" is forbidden: can only access node lease with the same name as the requesting node',
    ],
  ];
  for (const [admitted, message] of table) {
    assert.equal(
      await admitted.then(
        () => '',
        (error: unknown) => (error as Error).message,
      ),
      message,
    );
  }
});
