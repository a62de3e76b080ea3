import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { EndpointSlice, Service } from '../../functions/kube/generated/types.ts';
import { difference, isAsThought, wholeTable } from './nftables.ts';
import type { ServiceRules } from './rules.ts';
import { serviceRules } from './service-tables.ts';
import { staleConnectionCommands } from './stale-connections.ts';

/** A service at 10.96.0.10 with a TCP port 80 and a UDP port 53, and these endpoints. */
function rulesFor(...addresses: string[]): ServiceRules {
  const service: Service = {
    metadata: { name: 'web', namespace: 'default' },
    spec: {
      clusterIP: '10.96.0.10',
      ports: [
        { name: 'a', port: 80 },
        { name: 'b', port: 53, protocol: 'UDP' },
      ],
    },
  };
  const slice: EndpointSlice = {
    metadata: { name: 'web', namespace: 'default', labels: { 'kubernetes.io/service-name': 'web' } },
    addressType: 'IPv4',
    ports: [
      { name: 'a', port: 8080 },
      { name: 'b', port: 5353, protocol: 'UDP' },
    ],
    endpoints: addresses.map((address) => ({ addresses: [address] })),
  };
  return serviceRules({
    services: [service],
    endpointSlices: [slice],
    nodeAddresses: ['192.0.2.1'],
    nodeName: 'a',
    clusterCidr: '10.244.0.0/16',
  });
}

describe('the difference of two contents', () => {
  test('the difference of two contents is nothing when they are equal', () =>
    assert.equal(difference(rulesFor('10.244.1.2'), rulesFor('10.244.1.2')), ''));

  test('the difference of two contents makes chains before what jumps to them, and removes before it adds', () => {
    assert.deepEqual(difference(rulesFor('10.244.1.2'), rulesFor('10.244.1.2', '10.244.1.3')).split('\n'), [
      'add chain ip hibernetes_services random_2_from_inside',
      'add rule ip hibernetes_services random_2_from_inside meta mark set numgen random mod 2',
      'add rule ip hibernetes_services random_2_from_inside goto from_inside',
      'delete element ip hibernetes_services service_ips { 10.96.0.10 . tcp . 80, 10.96.0.10 . udp . 53 }',
      'add element ip hibernetes_services service_ips { 10.96.0.10 . tcp . 80 : goto random_2_from_inside, 10.96.0.10 . udp . 53 : goto random_2_from_inside }',
      'add element ip hibernetes_services service_endpoints { 10.96.0.10 . tcp . 80 . 1 : 10.244.1.3 . 8080, 10.96.0.10 . udp . 53 . 1 : 10.244.1.3 . 5353 }',
      'add element ip hibernetes_services hairpins { 10.244.1.3 . 10.244.1.3 }',
      'flush chain ip hibernetes_services random_1_from_inside',
      'delete chain ip hibernetes_services random_1_from_inside',
      '',
    ]);
  });
});

test('the whole table replaces what is there in one transaction', () => {
  const [first, second, third] = wholeTable(rulesFor('10.244.1.2'), '10.244.0.0/16').split('\n');
  assert.deepEqual(
    [first, second, third],
    ['add table ip hibernetes_services', 'delete table ip hibernetes_services', 'table ip hibernetes_services {'],
  );
});

describe('the kernel’s table', () => {
  const rules = rulesFor('10.244.1.2');
  const listing = (change: (maps: [string, number][]) => [string, number][]): string =>
    JSON.stringify({
      nftables: [
        { metainfo: {} },
        ...change(Object.entries(rules.maps).map(([name, { size }]) => [name, size])).map(([name, size]) => ({
          map: { name, elem: Array(size).fill(0) },
        })),
        ...[...rules.chains.keys(), 'unanswered_out'].map((name) => ({ chain: { name } })),
      ],
    });

  test('the kernel’s table is as expected when every map has its elements', () =>
    assert.equal(
      isAsThought(
        listing((maps) => maps),
        rules,
      ),
      true,
    ));
  test('the kernel’s table is not as expected when elements or maps are missing', () => {
    assert.equal(
      isAsThought(
        listing((maps) => maps.map(([name]) => [name, 0])),
        rules,
      ),
      false,
    );
    assert.equal(
      isAsThought(
        listing((maps) => maps.slice(1)),
        rules,
      ),
      false,
    );
  });
});

describe('stale connections', () => {
  test('stale connections are those of UDP to endpoints that are gone', () =>
    assert.deepEqual(staleConnectionCommands(rulesFor('10.244.1.2', '10.244.1.3'), rulesFor('10.244.1.3')), [
      [
        'conntrack',
        '-D',
        '-p',
        'udp',
        '--orig-dst',
        '10.96.0.10',
        '--orig-port-dst',
        '53',
        '--dst-nat',
        '10.244.1.2',
        '--reply-port-src',
        '5353',
      ],
    ]));
  test('all connections of a UDP port that had no endpoint are stale', () =>
    assert.deepEqual(staleConnectionCommands(rulesFor(), rulesFor('10.244.1.3')), [
      ['conntrack', '-D', '-p', 'udp', '--orig-dst', '10.96.0.10', '--orig-port-dst', '53'],
    ]));
  test('no connection is stale when an endpoint only changed its number', () =>
    assert.deepEqual(staleConnectionCommands(rulesFor('10.244.1.3'), rulesFor('10.244.1.2', '10.244.1.3')), []));
});
