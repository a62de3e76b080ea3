import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { EndpointSlice, Node, Pod, Service } from '../../kube/generated/types.ts';
import { endpointsPerSliceMax, planSlices } from './slices.ts';

const service = (spec: Service['spec'] = {}): Service => ({
  metadata: { namespace: 'default', name: 'web', uid: 'service', labels: { team: 'a' } },
  spec: {
    clusterIP: '10.96.0.1',
    selector: { app: 'web' },
    ports: [{ name: 'http', port: 80, targetPort: 8080, protocol: 'TCP' }],
    ...spec,
  },
});

interface Traits {
  readonly ready?: boolean;
  readonly terminating?: boolean;
  readonly phase?: string;
  readonly portNumber?: number;
}

let addresses = 0;

function pod(name: string, { ready = true, terminating = false, phase = 'Running', portNumber = 8080 }: Traits = {}): Pod {
  addresses += 1;
  return {
    metadata: { namespace: 'default', name, uid: name, ...(terminating && { deletionTimestamp: '2026-01-01T00:00:00Z' }) },
    spec: { nodeName: 'node-a', containers: [{ name: 'c', ports: [{ name: 'web', containerPort: portNumber }] }] },
    status: {
      phase,
      podIP: `10.244.${addresses >> 8}.${addresses & 255}`,
      conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }],
    },
  };
}

const plan = (of: Service, pods: readonly Pod[], slices: readonly EndpointSlice[] = []): ReturnType<typeof planSlices> =>
  planSlices(of, { pods, slices, nodeNamed: () => undefined });

/** The slices that a plan leaves behind, with names as the API server gives them. */
function carriedOut(of: Service, pods: readonly Pod[], slices: readonly EndpointSlice[] = []): EndpointSlice[] {
  const { create, update, remove } = plan(of, pods, slices);
  const named = (slice: EndpointSlice, index: number): EndpointSlice => ({
    ...slice,
    metadata: { ...slice.metadata, name: `web-${slices.length + index}` },
  });
  const kept = slices
    .filter((slice) => !remove.includes(slice))
    .map((slice) => update.find(({ metadata }) => metadata.name === slice.metadata.name) ?? slice);
  return [...kept, ...create.map(named)];
}

const targets = (slices: readonly EndpointSlice[]): string[][] =>
  slices.map(({ endpoints = [] }) => endpoints.map(({ targetRef }) => targetRef?.name ?? ''));

describe('the EndpointSlice of a Service', () => {
  test('the EndpointSlice of a Service names its pods, its ports and its owner', () => {
    const [web] = [pod('a')];
    const { create } = plan(service(), [web]);
    assert.deepEqual(create, [
      {
        apiVersion: 'discovery.k8s.io/v1',
        kind: 'EndpointSlice',
        metadata: {
          namespace: 'default',
          generateName: 'web-',
          labels: {
            team: 'a',
            'kubernetes.io/service-name': 'web',
            'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io',
          },
          ownerReferences: [{ apiVersion: 'v1', kind: 'Service', name: 'web', uid: 'service', controller: true, blockOwnerDeletion: true }],
        },
        addressType: 'IPv4',
        endpoints: [
          {
            addresses: [web?.status?.podIP],
            conditions: { ready: true, serving: true, terminating: false },
            nodeName: 'node-a',
            targetRef: { kind: 'Pod', namespace: 'default', name: 'a', uid: 'a' },
          },
        ],
        ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
      },
    ]);
  });

  const conditions: readonly [string, Traits, boolean, object][] = [
    ['a pod that is not ready is listed as such', { ready: false }, false, { ready: false, serving: false, terminating: false }],
    ['a pod that ends still serves', { terminating: true }, false, { ready: false, serving: true, terminating: true }],
    ['a Service may publish what is not ready', { ready: false }, true, { ready: true, serving: false, terminating: false }],
  ];
  for (const [name, traits, publishNotReadyAddresses, expected] of conditions)
    test(name, () => {
      const { create } = plan(service({ publishNotReadyAddresses }), [pod('a', traits)]);
      assert.deepEqual(create[0]?.endpoints?.[0]?.conditions, expected);
    });

  const inZone = (trafficDistribution: string, traits: Traits = {}): unknown => {
    const nodeNamed = (): Node => ({ metadata: { name: 'node-a', labels: { 'topology.kubernetes.io/zone': 'x' } }, spec: {} });
    const { create } = planSlices(service({ trafficDistribution }), { pods: [pod('a', traits)], slices: [], nodeNamed });
    return create[0]?.endpoints?.[0]?.hints;
  };
  test('the EndpointSlice of a Service hints at callers of the same zone or node, as the Service asks', () => {
    assert.deepEqual(inZone('PreferClose'), { forZones: [{ name: 'x' }] });
    assert.deepEqual(inZone('PreferSameZone'), { forZones: [{ name: 'x' }] });
    assert.deepEqual(inZone('PreferSameNode'), { forZones: [{ name: 'x' }], forNodes: [{ name: 'node-a' }] });
    assert.equal(inZone('PreferSameNode', { ready: false }), undefined);
    assert.equal(inZone(''), undefined);
  });

  test('the EndpointSlice of a Service leaves out pods that have ended, and pods without an address', () => {
    const waiting = pod('waiting');
    delete waiting.status?.podIP;
    assert.deepEqual(targets(plan(service(), [pod('done', { phase: 'Succeeded' }), waiting]).create), [[]]);
  });

  test('the EndpointSlice of a Service is one of several when a port has several numbers', () => {
    const named = service({ ports: [{ name: 'http', port: 80, targetPort: 'web' }] });
    const slices = carriedOut(named, [pod('a', { portNumber: 8080 }), pod('b', { portNumber: 9090 }), pod('c', { portNumber: 8080 })]);
    assert.deepEqual(targets(slices), [['a', 'c'], ['b']]);
    assert.deepEqual(
      slices.map(({ ports }) => ports?.[0]?.port),
      [8080, 9090],
    );
  });

  test('the EndpointSlice of a Service of a headless Service is marked, and may have no ports', () => {
    const { create } = plan(service({ clusterIP: 'None', ports: undefined }), [pod('a')]);
    assert.deepEqual([create[0]?.metadata.labels?.['service.kubernetes.io/headless'], create[0]?.ports], ['', []]);
  });

  test('the EndpointSlice of a Service is empty, but there, when the Service has no pods', () => {
    const slices = carriedOut(service(), []);
    assert.deepEqual(targets(slices), [[]]);
    assert.deepEqual(targets(carriedOut(service(), [pod('a')], slices)), [['a']]);
  });

  test('the EndpointSlice of a Service holds a hundred endpoints at most; the rest goes into others', () => {
    const pods = Array.from({ length: 250 }, (_, index) => pod(`p${index}`));
    const slices = carriedOut(service(), pods);
    assert.deepEqual(
      slices.map(({ endpoints }) => endpoints?.length),
      [endpointsPerSliceMax, endpointsPerSliceMax, 50],
    );
  });

  test('the EndpointSlice of a Service is not written when nothing changed', () => {
    const pods = Array.from({ length: 120 }, (_, index) => pod(`p${index}`));
    const slices = carriedOut(service(), pods);
    assert.deepEqual(plan(service(), pods.toReversed(), slices), { create: [], update: [], remove: [] });
  });

  test('the EndpointSlice of a Service changes alone when one pod changes; a new pod takes the free place', () => {
    const pods = Array.from({ length: 150 }, (_, index) => pod(`p${index}`));
    const slices = carriedOut(service(), pods);
    const { create, update, remove } = plan(service(), [...pods.slice(1), pod('fresh')], slices);
    assert.deepEqual([create.length, update.length, remove.length], [0, 1, 0]);
    assert.equal(update[0]?.endpoints?.at(-1)?.targetRef?.name, 'fresh');
  });

  test('the EndpointSlice of a Service goes when its last pod has gone, if it was one of several', () => {
    const pods = Array.from({ length: 101 }, (_, index) => pod(`p${index}`));
    const slices = carriedOut(service(), pods);
    const { create, update, remove } = plan(service(), pods.slice(0, 100), slices);
    assert.deepEqual([create, update, remove.map(({ metadata }) => metadata.name)], [[], [], ['web-1']]);
  });

  test('the EndpointSlice of a Service follows the labels of its Service', () => {
    const slices = carriedOut(service(), [pod('a')]);
    const renamed = service();
    renamed.metadata.labels = { team: 'b' };
    const [slice] = plan(renamed, [], slices).update;
    assert.equal(slice?.metadata.labels?.['team'], 'b');
  });
});
