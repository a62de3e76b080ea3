import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { createCluster, type Cluster } from '../../../test/support/cluster.ts';
import { conditionOf } from '../../kube/conditions.ts';
import type { Device, Pod, ResourceClaimSpec, ResourceResourceClaim as ResourceClaim } from '../../kube/generated/types.ts';
import * as types from '../../kube/resource-type.ts';
import { createControllers } from '../../controllers/all.ts';
import { quotaRules } from '../../resources/core/resourcequota/quota-rules.ts';
import { createDefinitions } from '../../resources/all.ts';
import { createScheduler } from '../scheduler.ts';

const driver = 'gpu.example.com';

const device = (name: string, model: string, rest: Partial<Device> = {}): Device => ({
  name,
  attributes: { model: { string: model }, index: { int: Number(name.slice(-1)) }, [`${driver}/numa`]: { int: Number(name.slice(-1)) % 2 } },
  capacity: { memory: { value: model === 'big' ? '80Gi' : '16Gi' } },
  ...rest,
});

const exactly = (rest: object = {}): NonNullable<ResourceClaimSpec['devices']> => ({
  requests: [{ name: 'gpu', exactly: { deviceClassName: 'gpu', ...rest } }],
});

const selecting = (expression: string): object => ({ selectors: [{ cel: { expression } }] });

const using = (name: string, claim: object): Pod => ({
  metadata: { name, namespace: 'default' },
  spec: {
    containers: [{ name: 'main', image: 'i', resources: { claims: [{ name: 'gpu' }] } }],
    resourceClaims: [{ name: 'gpu', ...claim }],
  },
});

class Devices {
  readonly cluster: Cluster;

  constructor(cluster: Cluster) {
    this.cluster = cluster;
  }

  static async create(): Promise<Devices> {
    const resourceTypes = createDefinitions().map(({ type }) => type);
    const controllers = createControllers({ resourceTypes: () => resourceTypes, quotaRules, certificateAuthorityPem: 'PEM' });
    const cluster = await createCluster({ controllers: [...controllers, createScheduler()] });
    for (const node of (await cluster.client.list(types.nodes)).items) {
      const status = { ...node.status, allocatable: { cpu: '8', memory: '8Gi', pods: '110' } };
      await cluster.client.update(types.nodes, { ...node, status }, 'status');
    }
    const devices = new Devices(cluster);
    await cluster.client.create(types.deviceClasses, {
      metadata: { name: 'gpu' },
      spec: { selectors: [{ cel: { expression: `device.driver == '${driver}'` } }] },
    });
    return devices;
  }

  async publish(nodeName: string, devices: readonly Device[]): Promise<void> {
    await this.cluster.client.create(types.resourceSlices, {
      metadata: { name: nodeName },
      spec: { driver, nodeName, pool: { name: nodeName, generation: 1, resourceSliceCount: 1 }, devices: [...devices] },
    });
  }

  async claim(name: string, devices: ResourceClaimSpec['devices']): Promise<void> {
    const spec = { ...(devices !== undefined && { devices }) };
    await this.cluster.client.create(types.resourceClaims, { metadata: { name, namespace: 'default' }, spec });
  }

  async placed(pod: Pod): Promise<string> {
    await this.cluster.client.create(types.pods, pod);
    await this.cluster.settle();
    const now = await this.cluster.get(types.pods, pod.metadata.name ?? '');
    return now.spec.nodeName ?? conditionOf(now.status?.conditions, 'PodScheduled')?.message ?? 'waits';
  }

  async given(name: string): Promise<string | undefined> {
    const { status } = await this.cluster.get(types.resourceClaims, name);
    return status?.allocation?.devices?.results?.map(({ pool, device: found }) => `${pool}/${found}`).join();
  }

  claims(): Promise<readonly ResourceClaim[]> {
    return this.cluster.client.list(types.resourceClaims, { namespace: 'default' }).then(({ items }) => items);
  }
}

describe('pods that ask for devices', () => {
  let devices: Devices;
  before(async () => {
    devices = await Devices.create();
    await devices.publish('node-a', [device('gpu-0', 'small'), device('gpu-1', 'small')]);
    await devices.publish('node-b', [
      device('gpu-0', 'big'),
      device('gpu-1', 'small'),
      device('gpu-2', 'small', { taints: [{ key: 'broken', effect: 'NoSchedule' }] }),
    ]);
  });
  after(() => devices.cluster.close());

  test('pods that ask for devices go to the node that has what an expression selects', async () => {
    await devices.claim('big', exactly(selecting(`device.attributes['${driver}'].model == 'big'`)));
    assert.equal(await devices.placed(using('p-big', { resourceClaimName: 'big' })), 'node-b');
    assert.equal(await devices.given('big'), 'node-b/gpu-0');
    const { metadata, status } = await devices.cluster.get(types.resourceClaims, 'big');
    assert.deepEqual(metadata.finalizers, ['resource.kubernetes.io/delete-protection']);
    assert.deepEqual(
      status?.reservedFor?.map(({ resource, name }) => `${resource} ${name}`),
      ['pods p-big'],
    );
    assert.deepEqual(status?.allocation?.nodeSelector, {
      nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['node-b'] }] }],
    });
  });

  test('pods that ask for devices wait when another claim has the device', async () => {
    await devices.claim('big-too', exactly(selecting(`device.capacity['${driver}'].memory.isGreaterThan(quantity('40Gi'))`)));
    assert.match(
      await devices.placed(using('p-big-too', { resourceClaimName: 'big-too' })),
      /^0\/2 nodes are available: 2 cannot allocate all claims\./,
    );
  });

  test('get it once the pod that had it is gone', async () => {
    await devices.cluster.client.delete(types.pods, { namespace: 'default', name: 'p-big' }, { gracePeriodSeconds: 0 });
    await devices.cluster.settle();
    assert.equal(await devices.given('big'), undefined);
    assert.equal(await devices.given('big-too'), 'node-b/gpu-0');
  });

  test('pods that ask for devices share a claim, on its node', async () => {
    assert.equal(await devices.placed(using('p-shared', { resourceClaimName: 'big-too' })), 'node-b');
  });

  test('get claims of their own from a template, which go with them', async () => {
    await devices.cluster.client.create(types.resourceClaimTemplates, {
      metadata: { name: 'pair', namespace: 'default' },
      spec: {
        metadata: {},
        spec: { devices: { ...exactly({ count: 2 }), constraints: [{ matchAttribute: `${driver}/model` }] } },
      },
    });
    assert.equal(await devices.placed(using('p-pair', { resourceClaimTemplateName: 'pair' })), 'node-a');
    const own = (await devices.claims()).find(({ metadata }) => metadata.generateName === 'p-pair-gpu-');
    assert.equal(own?.metadata.annotations?.['resource.kubernetes.io/pod-claim-name'], 'gpu');
    const { status } = await devices.cluster.get(types.pods, 'p-pair');
    assert.deepEqual(status?.resourceClaimStatuses, [{ name: 'gpu', resourceClaimName: own?.metadata.name }]);
    await devices.cluster.client.patch(
      types.pods,
      { namespace: 'default', name: 'p-pair' },
      { status: { phase: 'Succeeded' } },
      { subresource: 'status' },
    );
    await devices.cluster.settle();
    assert.equal(
      (await devices.claims()).some(({ metadata }) => metadata.generateName === 'p-pair-gpu-'),
      false,
    );
  });

  test('pods that ask for devices take the first alternative that there is', async () => {
    const firstAvailable = [
      { name: 'huge', deviceClassName: 'gpu', ...selecting(`device.attributes['${driver}'].model == 'huge'`) },
      { name: 'any', deviceClassName: 'gpu' },
    ];
    await devices.claim('either', { requests: [{ name: 'gpu', firstAvailable }] });
    await devices.placed(using('p-either', { resourceClaimName: 'either' }));
    const { status } = await devices.cluster.get(types.resourceClaims, 'either');
    assert.equal(status?.allocation?.devices?.results?.[0]?.request, 'gpu/any');
  });

  test('get tainted devices only where they tolerate the taint', async () => {
    const third = selecting(`device.attributes['${driver}'].index == 2`);
    await devices.claim('shy', exactly(third));
    assert.match(await devices.placed(using('p-shy', { resourceClaimName: 'shy' })), /cannot allocate all claims/);
    await devices.claim('bold', exactly({ ...third, tolerations: [{ key: 'broken', operator: 'Exists' }] }));
    assert.equal(await devices.placed(using('p-bold', { resourceClaimName: 'bold' })), 'node-b');
  });

  test('pods that ask for devices wait for a class that there is not', async () => {
    await devices.claim('odd', { requests: [{ name: 'gpu', exactly: { deviceClassName: 'odd' } }] });
    assert.match(await devices.placed(using('p-odd', { resourceClaimName: 'odd' })), /request gpu: device class odd does not exist/);
  });

  test('pods that ask for devices learn what an expression cannot answer', async () => {
    await devices.claim('wrong', exactly(selecting(`device.attributes['${driver}'].nothing == 'x'`)));
    assert.match(
      await devices.placed(using('p-wrong', { resourceClaimName: 'wrong' })),
      /claim default\/wrong: selector #0 on device gpu\.example\.com\/node-a\/gpu-0: CEL runtime error: no such key: nothing/,
    );
  });
});
