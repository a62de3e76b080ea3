import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Cluster } from '../../../test/support/cluster.ts';
import { assertSettled, assertSurvivesAnyFailure, createCluster, namespace } from '../../../test/support/cluster.ts';
import { copy } from '../../kube/copy.ts';
import type { EndpointSlice, Endpoints, Service } from '../../kube/generated/types.ts';
import { endpoints, endpointSlices, services } from '../../kube/resource-type.ts';
import { managedBy, planMirror } from './mirrored-slices.ts';

const service = (spec: Service['spec'] = {}): Service => ({
  metadata: { namespace, name: 'web' },
  spec: { clusterIP: '10.96.0.1', ports: [{ port: 80, protocol: 'TCP' }], ...spec },
});

const written = (more: Partial<Endpoints> = {}, metadata: Partial<Endpoints['metadata']> = {}): Endpoints => ({
  metadata: { namespace, name: 'web', ...metadata },
  subsets: [{ addresses: [{ ip: '192.0.2.1' }], notReadyAddresses: [{ ip: '192.0.2.2' }], ports: [{ port: 8080 }] }],
  ...more,
});

const slices = async (cluster: Cluster): Promise<readonly EndpointSlice[]> =>
  (await cluster.client.list(endpointSlices, { namespace })).items;

/** `address=ready` of each. */
const members = (list: readonly EndpointSlice[]): string[] =>
  list.flatMap((slice) => (slice.endpoints ?? []).map(({ addresses, conditions }) => `${addresses.join()}=${conditions?.ready}`)).sort();

async function mirrored(more: { service?: Service; endpoints?: Endpoints } = {}): Promise<Cluster> {
  const cluster = await createCluster();
  await cluster.client.create(services, more.service ?? service());
  await cluster.client.create(endpoints, more.endpoints ?? written());
  await cluster.settle();
  return cluster;
}

describe('Endpoints without a selector', () => {
  test('Endpoints without a selector are mirrored, follow a change and go with their source', async () => {
    const cluster = await mirrored({ endpoints: written({}, { labels: { tier: 'db' }, annotations: { note: 'kept' } }) });
    const [slice] = await slices(cluster);
    assert.deepEqual(members(await slices(cluster)), ['192.0.2.1=true', '192.0.2.2=false']);
    assert.deepEqual(slice?.ports, [{ name: '', port: 8080, protocol: 'TCP' }]);
    assert.deepEqual(slice?.metadata.labels, {
      tier: 'db',
      'kubernetes.io/service-name': 'web',
      'endpointslice.kubernetes.io/managed-by': managedBy,
    });
    assert.deepEqual(slice?.metadata.annotations, { note: 'kept' });
    await assertSettled(cluster);

    const current = copy(await cluster.get<Endpoints>(endpoints, 'web'));
    await cluster.client.update(endpoints, { ...current, subsets: [{ addresses: [{ ip: '192.0.2.9' }], ports: [{ port: 8080 }] }] });
    await cluster.settle();
    const after = await slices(cluster);
    assert.deepEqual([members(after), after[0]?.metadata.name], [['192.0.2.9=true'], slice?.metadata.name]);

    await cluster.client.delete(endpoints, { namespace, name: 'web' });
    await cluster.settle();
    assert.deepEqual(await slices(cluster), []);
  });

  for (const [what, more] of [
    ['say so', { endpoints: written({}, { labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' } }) }],
    ['elect a leader', { endpoints: written({}, { annotations: { 'control-plane.alpha.kubernetes.io/leader': '{}' } }) }],
    ['belong to no Service', { service: { ...service(), metadata: { namespace, name: 'other' } } }],
  ] as const) {
    test(`Endpoints without a selector are not mirrored when they ${what}`, async () => {
      assert.deepEqual(members(await slices(await mirrored(more))), []);
    });
  }

  test('Endpoints without a selector lose their mirror when the Service selects pods', async () => {
    const cluster = await mirrored();
    const current = copy(await cluster.get<Service>(services, 'web'));
    await cluster.client.update(services, { ...current, spec: { ...current.spec, selector: { app: 'web' } } });
    await cluster.settle();
    assert.deepEqual(members(await slices(cluster)), []);
  });

  test('Endpoints without a selector come to the same end when any one call fails', async () => {
    await assertSurvivesAnyFailure(
      async (cluster) => {
        await cluster.client.create(services, service());
        await cluster.client.create(endpoints, written());
      },
      async (cluster) => members(await slices(cluster)),
    );
  });
});

test('each family of addresses and set of ports has a slice, up to 1000 addresses', () => {
  const many = Array.from({ length: 1002 }, (_, index) => ({ ip: `10.0.${index >> 8}.${index & 255}` }));
  const plan = planMirror(
    written({
      subsets: [
        { addresses: many, ports: [{ port: 1 }] },
        { addresses: [{ ip: '2001:db8::1' }, { ip: '192.0.2.1' }], ports: [{ port: 2 }] },
        { addresses: [{ ip: '192.0.2.3' }], ports: [{ port: 2, protocol: 'TCP' }] },
      ],
    }),
    [],
  );
  assert.deepEqual(
    plan.create.map(({ addressType, endpoints: of, ports }) => [addressType, of?.length, ports?.[0]?.port]),
    [
      ['IPv4', 1000, 1],
      ['IPv6', 1, 2],
      ['IPv4', 2, 2],
    ],
  );
  assert.equal(plan.skipped, 2);
});
