import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Endpoint, EndpointSlice, Service, ServiceSpec } from '../../functions/kube/generated/types.ts';
import type { MapName } from './rules.ts';
import { serviceRules, ServiceTables, type TablesInput } from './service-tables.ts';

const service = (spec: Partial<ServiceSpec> = {}): Service => ({
  metadata: { name: 'web', namespace: 'default' },
  spec: { clusterIP: '10.96.0.10', clusterIPs: ['10.96.0.10'], ports: [{ name: 'http', port: 80 }], ...spec },
});

const endpoint = (address: string, conditions: Endpoint['conditions'] = { ready: true }, nodeName = 'a'): Endpoint => ({
  addresses: [address],
  conditions,
  nodeName,
});

const slice = (endpoints: Endpoint[], name = 'web-1'): EndpointSlice => ({
  metadata: { name, namespace: 'default', labels: { 'kubernetes.io/service-name': 'web' } },
  addressType: 'IPv4',
  ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
  endpoints,
});

const rules = (services: Service[], endpointSlices: EndpointSlice[], more: Partial<TablesInput> = {}) =>
  serviceRules({ services, endpointSlices, nodeAddresses: ['192.0.2.1'], nodeName: 'a', clusterCidr: '10.244.0.0/16', ...more });

/** The elements of one map, as nft shows them. */
function elements(name: MapName, services: Service[], endpointSlices: EndpointSlice[]): string[] {
  return [...rules(services, endpointSlices).maps[name]].map(([key, value]) => (value === '' ? key : `${key} : ${value}`));
}

const two = slice([endpoint('10.244.1.2'), endpoint('10.244.2.2', { ready: true }, 'b')]);

describe('a cluster IP', () => {
  test('a cluster IP is sent to one of its endpoints, drawn by their count', () => {
    assert.deepEqual(elements('service_ips', [service()], [two]), ['10.96.0.10 . tcp . 80 : goto random_2_from_inside']);
    assert.deepEqual(elements('service_endpoints', [service()], [two]), [
      '10.96.0.10 . tcp . 80 . 0 : 10.244.1.2 . 8080',
      '10.96.0.10 . tcp . 80 . 1 : 10.244.2.2 . 8080',
    ]);
  });

  test('a cluster IP is refused as long as it has no endpoint', () => {
    assert.deepEqual(elements('refused_ips', [service()], []), ['10.96.0.10 . tcp . 80']);
    assert.deepEqual(elements('cluster_ips', [service()], []), ['10.96.0.10']);
  });

  test('a cluster IP drops, and does not refuse, when its policy is Local and nothing is here', () => {
    const elsewhere = slice([endpoint('10.244.2.2', { ready: true }, 'b')]);
    assert.deepEqual(elements('service_ips', [service({ internalTrafficPolicy: 'Local' })], [elsewhere]), ['10.96.0.10 . tcp . 80 : drop']);
  });
});

describe('endpoints', () => {
  const targets = (endpoints: Endpoint[]): string[] =>
    [...rules([service()], [slice(endpoints)]).maps.service_endpoints.values()].map((target) => target.split(' . ')[0] ?? '');

  test('endpoints that are not ready get nothing', () =>
    assert.deepEqual(targets([endpoint('10.0.0.1', { ready: false }), endpoint('10.0.0.2')]), ['10.0.0.2']));
  test('endpoints without conditions are ready', () => assert.deepEqual(targets([endpoint('10.0.0.1', {})]), ['10.0.0.1']));
  test('endpoints that end but still serve get traffic only when nothing is ready', () => {
    const ending = endpoint('10.0.0.1', { ready: false, serving: true, terminating: true });
    assert.deepEqual(targets([ending]), ['10.0.0.1']);
    assert.deepEqual(targets([ending, endpoint('10.0.0.2')]), ['10.0.0.2']);
    assert.deepEqual(targets([endpoint('10.0.0.3', { ready: false, serving: false, terminating: true })]), []);
  });
  test('endpoints in two slices at once count once, and the order of slices does not matter', () => {
    const other = slice([endpoint('10.244.1.2')], 'web-2');
    assert.deepEqual(rules([service()], [two, other]).maps, rules([service()], [other, two]).maps);
    assert.equal(rules([service()], [two, other]).maps.service_endpoints.size, 2);
  });
  test('endpoints of other services and other ports are not mixed in', () => {
    const otherPort: EndpointSlice = { ...two, ports: [{ name: 'metrics', port: 9090, protocol: 'TCP' }] };
    assert.deepEqual(elements('service_endpoints', [service()], [otherPort]), []);
    const otherService: EndpointSlice = { ...two, metadata: { ...two.metadata, labels: { 'kubernetes.io/service-name': 'db' } } };
    assert.deepEqual(elements('service_endpoints', [service()], [otherService]), []);
  });
  test('endpoints may be sent to themselves, and then see their node', () =>
    assert.deepEqual(elements('hairpins', [service()], [two]), ['10.244.1.2 . 10.244.1.2', '10.244.2.2 . 10.244.2.2']));
});

describe('ways in from outside', () => {
  const port = { name: 'http', port: 80, nodePort: 30080 };

  test('a node port has elements of its own', () => {
    const published = service({ type: 'NodePort', ports: [port] });
    assert.deepEqual(elements('node_ports', [published], [two]), ['tcp . 30080 : goto random_2_node_port']);
    assert.deepEqual(elements('node_port_endpoints', [published], [two]), [
      'tcp . 30080 . 0 : 10.244.1.2 . 8080',
      'tcp . 30080 . 1 : 10.244.2.2 . 8080',
    ]);
    assert.deepEqual(elements('refused_node_ports', [published], []), ['tcp . 30080']);
  });

  test('a Service with a Local policy is answered by this node’s endpoints, and keeps the client’s address', () => {
    const published = service({ type: 'NodePort', ports: [port], externalTrafficPolicy: 'Local' });
    const { chains, maps } = rules([published], [two]);
    assert.deepEqual(chains.get(maps.node_ports.get('tcp . 30080')?.replace('goto ', '') ?? ''), [
      'ip saddr 10.244.0.0/16 goto random_2_node_port_kept_source',
      'fib saddr type local goto random_2_node_port',
      'goto random_1_local_node_port_kept_source',
    ]);
    assert.deepEqual(elements('service_ips', [published], [two]), ['10.96.0.10 . tcp . 80 : goto random_2_from_inside']);
  });

  test('external addresses and those of load balancers are served, unless the balancer is a proxy', () => {
    const published: Service = {
      ...service({ type: 'LoadBalancer', externalIPs: ['203.0.113.7'] }),
      status: { loadBalancer: { ingress: [{ ip: '203.0.113.8' }, { ip: '203.0.113.9', ipMode: 'Proxy' }] } },
    };
    assert.deepEqual(
      [...rules([published], [two]).maps.service_ips.keys()],
      ['10.96.0.10 . tcp . 80', '203.0.113.7 . tcp . 80', '203.0.113.8 . tcp . 80'],
    );
  });
});

test('a range of cluster IPs inside another range is left out', () => {
  const { maps } = rules([], [], { serviceCidrs: ['10.96.0.0/12', '10.100.0.0/16', 'fd00::/108'] });
  assert.deepEqual([...maps.service_cidrs.keys()], ['10.96.0.0/12']);
});

test('services without a cluster IP, or of another proxy, are left out', () => {
  const labelled = (label: string): Service => ({ ...service(), metadata: { name: 'web', namespace: 'default', labels: { [label]: '' } } });
  const ofOthers = ['service.kubernetes.io/service-proxy-name', 'service.kubernetes.io/headless'].map(labelled);
  for (const one of [service({ clusterIP: 'None' }), service({ type: 'ExternalName' }), service({ clusterIP: undefined }), ...ofOthers]) {
    assert.equal(rules([one], [two]).maps.service_ips.size, 0);
  }
});

test('slices that are marked as headless, or as another proxy’s, have no endpoints', () => {
  for (const label of ['service.kubernetes.io/service-proxy-name', 'service.kubernetes.io/headless']) {
    const marked = { ...slice([{ addresses: ['10.244.0.7'] }]) };
    marked.metadata = { ...marked.metadata, labels: { ...marked.metadata.labels, [label]: '' } };
    assert.equal(rules([service()], [marked]).maps.service_endpoints.size, 0);
  }
});

describe('client affinity', () => {
  const sticky = service({ sessionAffinity: 'ClientIP', sessionAffinityConfig: { clientIP: { timeoutSeconds: 60 } } });
  const of = (endpoints: Endpoint[]) => {
    const { chains, maps, memories } = rules([sticky], [slice(endpoints)]);
    const lines = chains.get(maps.service_ips.get('10.96.0.10 . tcp . 80')?.replace('goto ', '') ?? '') ?? [];
    return { lines, numbers: [...maps.service_endpoints.keys()].map((key) => key.split(' . ')[3] ?? ''), memories: [...memories] };
  };

  test('client affinity sends a client where it went before, and else to one that is drawn', () => {
    const { lines, numbers, memories } = of([endpoint('10.244.1.1'), endpoint('10.244.1.2')]);
    const [memory = ''] = memories;
    assert.deepEqual(lines, [
      `meta mark set ip saddr map @${memory} meta mark { ${numbers.join(', ')} } update @${memory} { ip saddr timeout 60s : meta mark } goto from_inside`,
      `meta mark set numgen random mod 2 map { 0 : ${numbers[0]}, 1 : ${numbers[1]} }`,
      `update @${memory} { ip saddr timeout 60s : meta mark }`,
      'goto from_inside',
    ]);
  });

  test('client affinity keeps an endpoint’s number whatever others come and go', () => {
    const [first = '', second] = of([endpoint('10.244.1.1'), endpoint('10.244.1.2')]).numbers;
    assert.deepEqual(of([endpoint('10.244.1.2')]).numbers, [second]);
    assert.deepEqual(of(['10.244.1.1', '10.244.1.2', '10.244.1.3'].map((address) => endpoint(address))).numbers.slice(0, 2), [
      first,
      second,
    ]);
  });

  test('client affinity is shared by all ways to a port', () => {
    const published = service({ ...sticky.spec, type: 'NodePort', ports: [{ name: 'http', port: 80, nodePort: 30080 }] });
    assert.equal(rules([published], [two]).memories.size, 1);
  });
});

describe('the callers of a load balancer', () => {
  const balanced = (loadBalancerSourceRanges: string[]): Service => ({
    ...service({ type: 'LoadBalancer', externalIPs: ['203.0.113.7'], loadBalancerSourceRanges }),
    status: { loadBalancer: { ingress: [{ ip: '203.0.113.8' }] } },
  });

  test('the callers of a load balancer must be of its ranges, at its own address alone', () => {
    const { maps, chains } = rules([balanced(['10.1.0.0/16', ' 192.0.2.0/24', '10.1.2.0/24'])], [two]);
    assert.deepEqual([...maps.firewalled_ips.keys()], ['203.0.113.8 . tcp . 80']);
    const [verdict = ''] = maps.firewalled_ips.values();
    assert.deepEqual(chains.get(verdict.replace('goto ', '')), ['ip saddr != { 10.1.0.0/16, 192.0.2.0/24 } drop']);
  });

  test('the callers of a load balancer may be any without ranges, and with one that is everything', () => {
    for (const ranges of [[], ['0.0.0.0/0', '10.0.0.0/8'], ['2001:db8::/32']])
      assert.equal(rules([balanced(ranges)], [two]).maps.firewalled_ips.size, 0);
  });
});

describe('hints', () => {
  const hinted = (address: string, hints: Endpoint['hints'], ready = true): Endpoint => ({ ...endpoint(address, { ready }), hints });
  const zone = (name: string): Endpoint['hints'] => ({ forZones: [{ name }] });
  const node = (name: string): Endpoint['hints'] => ({ forNodes: [{ name }], forZones: [{ name: 'x' }] });
  const cases: readonly (readonly [name: string, endpoints: readonly Endpoint[], used: readonly string[]])[] = [
    ['of its zone choose endpoints', [hinted('10.0.0.1', zone('x')), hinted('10.0.0.2', zone('y'))], ['10.0.0.1']],
    ['count for nothing while one endpoint has none', [hinted('10.0.0.1', zone('x')), endpoint('10.0.0.2')], ['10.0.0.1', '10.0.0.2']],
    ['of other zones alone count for nothing', [hinted('10.0.0.1', zone('y')), hinted('10.0.0.2', zone('z'))], ['10.0.0.1', '10.0.0.2']],
    ['of its node come first', [hinted('10.0.0.1', node('a')), hinted('10.0.0.2', node('b'))], ['10.0.0.1']],
    ['of other nodes leave those of its zone', [hinted('10.0.0.1', node('b')), hinted('10.0.0.2', zone('y'))], ['10.0.0.1']],
    ['of endpoints that are not ready are left out', [hinted('10.0.0.1', zone('x'), false), hinted('10.0.0.2', zone('y'))], ['10.0.0.2']],
  ];
  for (const [name, endpoints, used] of cases) {
    test(`hints ${name}`, () => {
      const { maps } = rules([service()], [slice([...endpoints])], { zone: 'x' });
      assert.deepEqual(
        [...maps.service_endpoints.values()].map((target) => target.split(' . ')[0]),
        used,
      );
    });
  }
});

describe('changes', () => {
  const input = (services: Service[], endpointSlices: EndpointSlice[]): TablesInput => {
    return { services, endpointSlices, nodeAddresses: ['192.0.2.1'], nodeName: 'a', clusterCidr: '10.244.0.0/16' };
  };
  const other: Service = {
    ...service({ clusterIP: '10.96.0.11', clusterIPs: ['10.96.0.11'] }),
    metadata: { name: 'other', namespace: 'default' },
  };
  const otherSlice: EndpointSlice = {
    ...two,
    metadata: { ...two.metadata, name: 'other-1', labels: { 'kubernetes.io/service-name': 'other' } },
  };

  const [first, both] = [service(), [two, otherSlice]];

  test('changes are those of the service that changed, and none when nothing did', () => {
    const tables = new ServiceTables();
    tables.update(input([first, other], both));
    const moved = { ...other, spec: { ...other.spec, clusterIP: '10.96.0.12', clusterIPs: ['10.96.0.12'] } };
    const { from, to } = tables.update(input([first, moved], both));
    assert.deepEqual([...from.maps.service_ips.keys(), ...to.maps.service_ips.keys()], ['10.96.0.11 . tcp . 80', '10.96.0.12 . tcp . 80']);
    const none = tables.update(input([first, moved], both));
    assert.deepEqual([none.from.chains.size, none.to.maps.service_ips.size], [0, 0]);
  });

  test('changes leave what another service needs, too', () => {
    const tables = new ServiceTables();
    tables.update(input([first, other], both));
    const { from, to } = tables.update(input([first], both));
    assert.deepEqual([[...from.maps.cluster_ips.keys()], to.maps.cluster_ips.size], [['10.96.0.11'], 0]);
    assert.deepEqual([...from.chains.keys()], [...to.chains.keys()]);
    assert.deepEqual(to.maps.hairpins, from.maps.hairpins);
    assert.deepEqual(tables.whole(), serviceRules(input([first], [two])));
  });

  test('changes follow the node to another zone', () => {
    const hinted = slice([
      { ...endpoint('10.0.0.1'), hints: { forZones: [{ name: 'x' }] } },
      { ...endpoint('10.0.0.2'), hints: { forZones: [{ name: 'y' }] } },
    ]);
    const tables = new ServiceTables();
    const targets = (): string[] => [...tables.whole().maps.service_endpoints.values()];
    tables.update({ ...input([service()], [hinted]), zone: 'x' });
    assert.deepEqual(targets(), ['10.0.0.1 . 8080']);
    tables.update({ ...input([service()], [hinted]), zone: 'y' });
    assert.deepEqual(targets(), ['10.0.0.2 . 8080']);
  });
});
