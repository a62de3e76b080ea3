/** A node that was taken over: what its credential opens over HTTP, for every kind that is served and every field that steers pods. */
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import type { User } from '../../functions/apiserver/ports.ts';
import { localPathFinalizer, localPathNodeAnnotation, localPathProvisioner } from '../../functions/kube/local-path.ts';
import type { Node, PersistentVolume, Pod, TokenRequest } from '../../functions/kube/generated/types.ts';
import { leases, namespaces, nodes, persistentVolumes, pods, secrets, serviceAccounts } from '../../functions/kube/resource-type.ts';
import { everyCase } from '../support/every-case.ts';
import { type Answered, type RbacCluster, rbacCluster } from '../support/rbac-cluster.ts';
import { servedResources, type Served } from './served-resources.ts';

const evil: User = { name: 'system:node:evil', groups: ['system:nodes', 'system:authenticated'] };
const stranger: User = { name: 'system:bootstrap:abcdef', groups: ['system:bootstrappers', 'system:authenticated'] };
const mergePatch = { 'content-type': 'application/merge-patch+json' };

let cluster: RbacCluster;
let served: readonly Served[];
const send = (user: User, method: string, path: string, body?: object): Promise<Answered> =>
  cluster.as(user).send(method, path, body, method === 'PATCH' ? mergePatch : {});
const asNode = (method: string, path: string, body?: object): Promise<Answered> => send(evil, method, path, body);
const messageOf = ({ text }: Answered): string => (JSON.parse(text) as { message: string }).message;

const podOn = (name: string, nodeName: string): Pod => ({
  metadata: { name, namespace: 'team' },
  spec: {
    nodeName,
    serviceAccountName: 'robot',
    automountServiceAccountToken: false,
    containers: [{ name: 'c', image: 'i', envFrom: [{ secretRef: { name: `${name}-secret` } }] }],
    volumes: [
      { name: 't', projected: { sources: [{ serviceAccountToken: { audience: 'vault', path: 'token', expirationSeconds: 7200 } }] } },
    ],
  },
});

before(async () => {
  cluster = await rbacCluster();
  const { client } = cluster;
  await client.create(namespaces, { metadata: { name: 'team' }, spec: {} });
  for (const name of ['default', 'robot', 'other']) await client.create(serviceAccounts, { metadata: { name, namespace: 'team' } });
  const ready = { conditions: [{ type: 'Ready', status: 'True' }], addresses: [{ type: 'InternalIP', address: '192.0.2.7' }] };
  await client.create(nodes, { metadata: { name: 'good' }, spec: {}, status: ready });
  const taints = [{ key: 'quarantine', effect: 'NoSchedule' }];
  await client.create(nodes, { metadata: { name: 'evil' }, spec: { taints } });
  await client.create(pods, podOn('mine', 'evil'));
  await client.create(pods, podOn('theirs', 'good'));
  for (const name of ['mine-secret', 'theirs-secret']) {
    await client.create(secrets, { metadata: { name, namespace: 'team' }, stringData: { a: 'b' } });
  }
  await client.create(leases, { metadata: { name: 'good', namespace: 'kube-node-lease' }, spec: {} });
  served = await servedResources(cluster);
});

/** What a node may do to a collection without naming anything: upstream's list. The rest is refused. */
const collections: Readonly<Record<string, string>> = {
  'POST nodes': 'its own',
  'POST pods': 'mirrors',
  'POST events': 'reports',
  'POST leases': 'its own, in kube-node-lease',
  'POST csinodes': 'its own',
  'POST resourceslices': 'its own',
  'POST podcertificaterequests': 'of its pods',
  'POST certificatesigningrequests': 'its own',
  'POST tokenreviews': '',
  'POST subjectaccessreviews': '',
  'POST localsubjectaccessreviews': '',
  'GET services': '',
  'GET runtimeclasses': '',
  'GET csidrivers': '',
  'GET certificatesigningrequests': '',
  'GET clustertrustbundles': '',
  // What every authenticated user may ask about itself.
  'POST selfsubjectaccessreviews': '',
  'POST selfsubjectrulesreviews': '',
  'POST selfsubjectreviews': '',
};

test('of all collections a node reads and writes only those that its work needs', async () => {
  assert.ok(served.length > 60);
  const asked = served
    .filter(({ name }) => !name.includes('/'))
    .flatMap(({ root, name, namespaced }) =>
      ['GET', 'POST', 'DELETE']
        .filter((method) => collections[`${method} ${name}`] === undefined)
        .map((method) => [method, `${root}/${namespaced ? 'namespaces/team/' : ''}${name}`] as const),
    );
  await everyCase(
    asked,
    ([method, path]) => `${method} ${path}`,
    async ([method, path]) =>
      assert.equal((await asNode(method, path, method === 'POST' ? { metadata: { name: 'x' } } : undefined)).status, 403),
  );
});

/** A node may also write the status of claims and slices that are its own: these are not. */
const single = new Set(['namespaces/finalize']);

test('of all single objects that are not its own a node touches none', async () => {
  for (const { root, name, namespaced } of served.filter((one) => !single.has(one.name))) {
    const [resource = '', ...sub] = name.split('/');
    const path = `${root}/${namespaced ? 'namespaces/team/' : ''}${[resource, 'good', ...sub].join('/')}`;
    for (const method of ['PUT', 'PATCH', 'DELETE', ...(sub.length > 0 ? ['POST'] : [])]) {
      const { status } = await asNode(method, path, method === 'DELETE' ? undefined : { metadata: { name: 'good' } });
      // Every reporter may patch an event; the other objects are absent, or refused before they are read.
      assert.ok(
        resource === 'events' || status === 403 || status === 404 || status === 405 || status === 422,
        `${method} ${path}: ${status}`,
      );
      if (status === 404 || status === 422) assert.ok(isOpenToNodes(name), `${method} ${path}: ${status}`);
    }
  }
});

/** Resources whose single objects the authorizer leaves to NodeRestriction, which reads the object. */
const isOpenToNodes = (name: string): boolean =>
  ['nodes', 'nodes/status', 'pods', 'pods/status', 'pods/eviction', 'events', 'namespaces'].includes(name);

test('the verbs that discovery does not list are refused as well', async () => {
  for (const path of ['/api/v1/nodes/good/proxy', '/api/v1/namespaces/team/pods/mine/exec', '/api/v1/namespaces/team/pods/mine/log']) {
    for (const method of ['GET', 'POST', 'PUT']) assert.equal((await asNode(method, path)).status, 403, `${method} ${path}`);
  }
});

test('a node reads its own pods and what they name, and nothing of others', async () => {
  const at = '/api/v1/namespaces/team';
  const readable: readonly (readonly [string, number])[] = [
    [`${at}/pods/mine`, 200],
    [`${at}/pods/theirs`, 403],
    [`${at}/pods`, 403],
    ['/api/v1/pods', 403],
    ['/api/v1/pods?fieldSelector=spec.nodeName%3Devil', 200],
    ['/api/v1/pods?fieldSelector=spec.nodeName%3Dgood', 403],
    ['/api/v1/pods?fieldSelector=spec.nodeName!%3Dgood', 403],
    ['/api/v1/pods?fieldSelector=spec.nodeName%3Devil,spec.nodeName', 403],
    [`${at}/secrets/mine-secret`, 200],
    [`${at}/secrets/theirs-secret`, 403],
    [`${at}/secrets`, 403],
    [`${at}/secrets?fieldSelector=metadata.name%3Dmine-secret`, 200],
    [`${at}/secrets?fieldSelector=metadata.name%3Dtheirs-secret`, 403],
    ['/api/v1/nodes/evil', 200],
    ['/api/v1/nodes/good', 403],
    ['/api/v1/nodes', 403],
  ];
  for (const [path, status] of readable) assert.equal((await asNode('GET', path)).status, status, path);
});

describe('a token that a node asks for', () => {
  const path = '/api/v1/namespaces/team/serviceaccounts/robot/token';
  const uidOf = async (name: string): Promise<string> => (await cluster.client.get(pods, { namespace: 'team', name })).metadata.uid ?? '';
  const ask = async (spec: object, at = path): Promise<Answered> =>
    asNode('POST', at, { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec });
  const bound = async (pod: string, more: object = {}) => ({
    audiences: ['vault'],
    boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name: pod, uid: await uidOf(pod) },
    ...more,
  });

  test('a token that a node asks for is for a pod that runs on it', async () => {
    assert.equal((await ask(await bound('mine'))).status, 201);
    const refused = await ask(await bound('theirs'));
    assert.equal(refused.status, 403);
    assert.equal(
      messageOf(refused),
      'serviceaccounts "robot" is forbidden: node requested token bound to a pod scheduled on a different node',
    );
  });

  const refusals: Readonly<Record<string, readonly [object, string]>> = {
    'without a pod': [{ boundObjectRef: undefined }, 'node requested token not bound to a pod'],
    'bound to the node': [
      { boundObjectRef: { apiVersion: 'v1', kind: 'Node', name: 'evil', uid: 'u' } },
      'node requested token not bound to a pod',
    ],
    'bound to a secret': [
      { boundObjectRef: { apiVersion: 'v1', kind: 'Secret', name: 'mine-secret', uid: 'u' } },
      'node requested token not bound to a pod',
    ],
    'without the uid': [
      { boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name: 'mine' } },
      'node requested token with a pod binding without a uid',
    ],
    'for the API, which the pod does not ask for': [
      { audiences: ['https://kubernetes.default.svc.cluster.local'] },
      'system:node:evil is not authorized to request tokens for audience "https://kubernetes.default.svc.cluster.local"',
    ],
    'for nobody in particular': [{ audiences: [] }, 'system:node:evil is not authorized to request tokens for audience ""'],
    'for two audiences': [{ audiences: ['vault', 'other'] }, 'node may only request 0 or 1 audiences'],
  };
  for (const [what, [more, message]] of Object.entries(refusals)) {
    test(`a token that a node asks for is refused ${what}`, async () => {
      const refused = await ask(await bound('mine', more));
      assert.equal(refused.status, 403);
      assert.equal(messageOf(refused), `serviceaccounts "robot" is forbidden: ${message}`);
    });
  }

  test('a token that a node asks for is not for another account of the namespace', async () => {
    assert.equal((await ask(await bound('mine'), path.replace('robot', 'other'))).status, 403);
  });

  test('ends when the pod’s own would', async () => {
    const answer = await ask(await bound('mine', { expirationSeconds: 2 ** 32 }));
    assert.equal(answer.status, 201);
    assert.equal((JSON.parse(answer.text) as TokenRequest).spec.expirationSeconds, 7200);
  });
});

describe('a Node that a node writes', () => {
  const path = '/api/v1/nodes/evil';
  const current = async (): Promise<Node> => cluster.client.get(nodes, { namespace: '', name: 'evil' });
  const steering: Readonly<Record<string, readonly [(node: Node) => object, string]>> = {
    'without the administrator’s taint': [
      (node) => ({ ...node, spec: { ...node.spec, taints: [] } }),
      'node "evil" is not allowed to modify taints',
    ],
    'with a taint': [
      (node) => ({ ...node, spec: { ...node.spec, taints: [{ key: 'a', effect: 'NoSchedule' }] } }),
      'node "evil" is not allowed to modify taints',
    ],
    'with an owner': [
      (node) => ({
        ...node,
        metadata: { ...node.metadata, ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: 'good', uid: 'u' }] },
      }),
      'node "evil" is not allowed to modify ownerReferences',
    ],
    'with another range': [
      (node) => ({ ...node, spec: { ...node.spec, podCIDR: '0.0.0.0/0', podCIDRs: ['0.0.0.0/0'] } }),
      'node "evil" is not allowed to set podCIDR',
    ],
    'with the address of another node': [
      (node) => ({ ...node, status: { ...node.status, addresses: [{ type: 'InternalIP', address: '192.0.2.7' }] } }),
      'node "evil" is not allowed to take the InternalIP 192.0.2.7 of another node',
    ],
  };
  for (const [what, [change, message]] of Object.entries(steering)) {
    test(`a Node that a node writes is refused ${what}`, async () => {
      // The status is written at its own place.
      const place = what.includes('address') ? `${path}/status` : path;
      const refused = await asNode('PUT', place, change(await current()));
      assert.equal(refused.status, 403, refused.text);
      assert.equal(messageOf(refused), `nodes "evil" is forbidden: ${message}`);
    });
  }

  const labels: Readonly<Record<string, boolean>> = {
    'node-restriction.kubernetes.io/pci': false,
    'a.node-restriction.kubernetes.io/pci': false,
    'node-role.kubernetes.io/control-plane': false,
    'kubernetes.io/role': false,
    'a.k8s.io/b': false,
    'k8s.io/b': false,
    'kubernetes.io/hostname': true,
    'topology.kubernetes.io/zone': true,
    'node.kubernetes.io/instance-type': true,
    'node.kubernetes.io/a': true,
    'kubelet.kubernetes.io/a': true,
    'a.kubelet.kubernetes.io/b': true,
    'example.com/a': true,
    plain: true,
  };
  for (const [label, isAllowed] of Object.entries(labels)) {
    test(`a Node that a node writes may ${isAllowed ? '' : 'not '}have the label ${label}`, async () => {
      const written = await asNode('PATCH', path, { metadata: { labels: { [label]: 'x' } } });
      assert.equal(written.status, isAllowed ? 200 : 403, written.text);
      const created = await asNode('POST', '/api/v1/nodes?dryRun=All', { metadata: { name: 'evil', labels: { [label]: 'x' } } });
      assert.equal(created.status, isAllowed ? 409 : 403, created.text);
    });
  }

  test('a Node that a node writes is not deleted and made anew by the node', async () => {
    assert.equal((await asNode('DELETE', path)).status, 403);
    assert.equal((await asNode('DELETE', '/api/v1/nodes')).status, 403);
    assert.ok((await current()).spec.taints?.some(({ key }) => key === 'quarantine'));
  });

  test('a Node that a node writes is not another node’s', async () => {
    for (const [method, body] of [
      ['PATCH', { metadata: { labels: { a: 'b' } } }],
      ['PUT', { metadata: { name: 'good' }, spec: {} }],
      ['DELETE', undefined],
    ] as const) {
      assert.equal((await asNode(method, '/api/v1/nodes/good', body)).status, 403, method);
      assert.equal((await asNode(method, '/api/v1/nodes/good/status', body)).status, 403, method);
    }
    assert.equal((await asNode('POST', '/api/v1/nodes', { metadata: { name: 'third' } })).status, 403);
    for (const end of ['poll', 'token']) {
      assert.equal((await asNode('POST', `/apis/agent.hibernetes.dev/v1/nodes/good/${end}`, {})).status, 403, end);
    }
  });
});

describe('a pod that a node makes', () => {
  const owner = async () => {
    const node = await cluster.client.get(nodes, { namespace: '', name: 'evil' });
    return { apiVersion: 'v1', kind: 'Node', name: 'evil', uid: node.metadata.uid ?? '', controller: true };
  };
  const mirror = async (change: { metadata?: object; spec?: object } = {}) => ({
    metadata: {
      name: 'static-evil',
      annotations: { 'kubernetes.io/config.mirror': 'x' },
      ownerReferences: [await owner()],
      ...change.metadata,
    },
    spec: { nodeName: 'evil', containers: [{ name: 'c', image: 'i' }], ...change.spec },
  });
  const make = (pod: object): Promise<Answered> => asNode('POST', '/api/v1/namespaces/team/pods?dryRun=All', pod);

  test('mirrors one of its own', async () => {
    const made = await make(await mirror());
    assert.equal(made.status, 201, made.text);
  });

  const cases: Readonly<Record<string, { readonly metadata?: object; readonly spec?: object }>> = {
    'is no mirror': { metadata: { annotations: {} } },
    'runs elsewhere': { spec: { nodeName: 'good' } },
    'has no owner': { metadata: { ownerReferences: [] } },
    'has the owner of another': {
      metadata: { ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: 'good', uid: 'u', controller: true }] },
    },
    'names an account': { spec: { serviceAccountName: 'robot' } },
    'names a secret': { spec: { containers: [{ name: 'c', image: 'i', envFrom: [{ secretRef: { name: 'theirs-secret' } }] }] } },
    'names a ConfigMap': { spec: { containers: [{ name: 'c', image: 'i', envFrom: [{ configMapRef: { name: 'a' } }] }] } },
    'mounts a secret': { spec: { volumes: [{ name: 'v', secret: { secretName: 'theirs-secret' } }] } },
    'mounts a ConfigMap': { spec: { volumes: [{ name: 'v', configMap: { name: 'a' } }] } },
    'mounts a claim': { spec: { volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'a' } }] } },
    'mounts a token': { spec: { volumes: [{ name: 'v', projected: { sources: [{ serviceAccountToken: { path: 't' } }] } }] } },
    'mounts a driver’s volume': { spec: { volumes: [{ name: 'v', csi: { driver: 'd' } }] } },
    'pulls with a secret': { spec: { imagePullSecrets: [{ name: 'theirs-secret' }] } },
  };
  for (const [what, change] of Object.entries(cases)) {
    test(`a pod that a node makes is refused when it ${what}`, async () => {
      const refused = await make(await mirror(change));
      assert.equal(refused.status, 403, refused.text);
    });
  }
});

test('a node lets a volume go whose data it removed, and does nothing else to volumes', async () => {
  const { client } = cluster;
  const made = async (name: string, node: string): Promise<PersistentVolume> => {
    const annotations = { 'pv.kubernetes.io/provisioned-by': localPathProvisioner, [localPathNodeAnnotation]: node };
    const spec = { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], hostPath: { path: `/data/${name}` } };
    await client.create(persistentVolumes, { metadata: { name, annotations, finalizers: [localPathFinalizer] }, spec });
    await client.delete(persistentVolumes, { namespace: '', name });
    return client.get(persistentVolumes, { namespace: '', name });
  };
  const put = async (volume: PersistentVolume, change: Partial<PersistentVolume>): Promise<number> =>
    (await asNode('PUT', `/api/v1/persistentvolumes/${volume.metadata.name}`, { ...volume, ...change })).status;
  const [own, foreign] = [await made('own', 'evil'), await made('foreign', 'good')];
  const without = ({ metadata }: PersistentVolume): PersistentVolume['metadata'] => ({ ...metadata, finalizers: [] });
  const kept = (own.metadata.finalizers ?? []).filter((finalizer) => finalizer !== localPathFinalizer);
  assert.equal(await put(foreign, { metadata: without(foreign) }), 403);
  assert.equal(await put(own, { metadata: { ...own.metadata, labels: { stolen: 'yes' } } }), 403);
  assert.equal(await put(own, { spec: { ...own.spec, claimRef: { namespace: 'team', name: 'mine' } } }), 403);
  assert.equal(await put(own, { metadata: { ...own.metadata, finalizers: kept } }), 200);
});

test('what a node reports by its poll leaves what others write', async () => {
  const before = await cluster.client.get(pods, { namespace: 'team', name: 'mine' });
  const status = {
    phase: 'Running',
    qosClass: 'Guaranteed',
    resourceClaimStatuses: [{ name: 'a', resourceClaimName: 'theirs' }],
    nominatedNodeName: 'good',
  };
  const report = { namespace: 'team', name: 'mine', uid: before.metadata.uid, status };
  const theirs = await cluster.client.get(pods, { namespace: 'team', name: 'theirs' });
  const polled = await asNode('POST', '/apis/agent.hibernetes.dev/v1/nodes/evil/poll', {
    pods: [report, { ...report, name: 'theirs', uid: theirs.metadata.uid, finished: true }],
    status: {
      addresses: [
        { type: 'InternalIP', address: '192.0.2.7' },
        { type: 'Hostname', address: 'evil' },
      ],
    },
  });
  assert.equal(polled.status, 200, polled.text);
  const after = (await cluster.client.get(pods, { namespace: 'team', name: 'mine' })).status;
  assert.deepEqual(
    [after?.phase, after?.qosClass, after?.resourceClaimStatuses, after?.nominatedNodeName],
    ['Running', before.status?.qosClass, undefined, undefined],
  );
  assert.notEqual((await cluster.client.get(pods, { namespace: 'team', name: 'theirs' })).status?.phase, 'Running');
  assert.deepEqual((await cluster.client.get(nodes, { namespace: '', name: 'evil' })).status?.addresses, [
    { type: 'Hostname', address: 'evil' },
  ]);
});

test('a poll that is no poll is a bad request, and one that is too long is not read', async () => {
  const path = '/apis/agent.hibernetes.dev/v1/nodes/evil/poll';
  const bad = [[], 'x', { pods: {} }, { pods: [null] }, { pods: [{ name: 'a' }] }, { since: 1 }, { status: [] }, { waitSeconds: 'x' }];
  for (const body of bad) assert.equal((await asNode('POST', path, body as object)).status, 400, JSON.stringify(body));
  assert.equal((await asNode('POST', path, { pods: Array.from({ length: 5_000 }, () => ({})) })).status, 400);
  assert.equal((await asNode('POST', path, { since: 'x'.repeat(4 * 1024 * 1024) })).status, 413);
});

test('a bootstrap token may ask for a node’s credential, and for nothing that other callers may not', async () => {
  const anybody: User = { name: 'anybody', groups: ['system:authenticated'] };
  for (const { root, name, namespaced } of served.filter((one) => !one.name.includes('/'))) {
    for (const method of ['GET', 'POST', 'DELETE']) {
      const path = `${root}/${namespaced ? 'namespaces/team/' : ''}${name}`;
      const body = method === 'POST' ? { metadata: { name: 'x' } } : undefined;
      const [own, others] = [await send(stranger, method, path, body), await send(anybody, method, path, body)];
      assert.equal(own.status, others.status, `${method} ${path}`);
    }
  }
  const ask = (name: string): Promise<Answered> => send(stranger, 'POST', `/apis/agent.hibernetes.dev/v1/nodes/${name}/token`, {});
  assert.equal((await ask('new')).status, 201);
  assert.equal((await ask('good')).status, 409);
  assert.equal((await send(stranger, 'POST', '/apis/agent.hibernetes.dev/v1/nodes/new/poll', {})).status, 403);
});
