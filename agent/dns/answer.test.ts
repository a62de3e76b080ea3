import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { EndpointSlice, Service } from '../../functions/kube/generated/types.ts';
import { decide, type Decision } from './answer.ts';
import { serviceIndex } from './service-index.ts';

const web: Service = {
  metadata: { name: 'web', namespace: 'shop' },
  spec: {
    clusterIP: '10.96.0.10',
    clusterIPs: ['10.96.0.10'],
    ports: [
      { name: 'http', port: 80 },
      { name: 'dns', port: 53, protocol: 'UDP' },
    ],
  },
};
const database: Service = {
  metadata: { name: 'db', namespace: 'shop' },
  spec: { clusterIP: 'None', ports: [{ name: 'sql', port: 5432 }] },
};
const empty: Service = { metadata: { name: 'empty', namespace: 'shop' }, spec: { clusterIP: 'None' } };
const outside: Service = { metadata: { name: 'out', namespace: 'shop' }, spec: { type: 'ExternalName', externalName: 'example.org' } };
const inside: Service = {
  metadata: { name: 'in', namespace: 'shop' },
  spec: { type: 'ExternalName', externalName: 'web.shop.svc.cluster.local.' },
};
const loop: Service = {
  metadata: { name: 'loop', namespace: 'shop' },
  spec: { type: 'ExternalName', externalName: 'loop.shop.svc.cluster.local' },
};

const six: Service = { metadata: { name: 'six', namespace: 'shop' }, spec: { clusterIP: 'None', ports: [{ name: 'http', port: 80 }] } };

const slices: EndpointSlice[] = [
  {
    metadata: { name: 'six-1', namespace: 'shop', labels: { 'kubernetes.io/service-name': 'six' } },
    addressType: 'IPv6',
    ports: [{ name: 'http', port: 80 }],
    endpoints: [{ addresses: ['2001:db8::7'] }],
  },
  {
    metadata: { name: 'db-1', namespace: 'shop', labels: { 'kubernetes.io/service-name': 'db' } },
    addressType: 'IPv4',
    ports: [{ name: 'sql', port: 15432 }],
    endpoints: [
      { addresses: ['10.244.1.2'], hostname: 'db-0', conditions: { ready: true } },
      { addresses: ['10.244.2.2'], conditions: {} },
      { addresses: ['10.244.2.3'], conditions: { ready: false } },
    ],
  },
];

const zone = { domain: 'cluster.local', index: serviceIndex([web, database, empty, outside, inside, loop, six], slices) };
const ask = (name: string, type = 'A'): Decision => decide({ name, type }, zone);

/** `TYPE data` for each answer; the outcome's name when there is none. */
function answersTo(name: string, type = 'A'): string[] {
  const decision = ask(name, type);
  if (decision.outcome === 'elsewhere') return ['elsewhere'];
  if (decision.answers.length === 0) return [decision.nxdomain ? 'no such name' : 'no such record'];
  assert.equal(decision.nxdomain, false);
  return decision.answers.map((answer) => {
    const content = 'data' in answer ? answer.data : '';
    return `${answer.type} ${typeof content === 'string' ? content : JSON.stringify(content)}`;
  });
}

describe('addresses', () => {
  test('a service has its cluster IP', () => assert.deepEqual(answersTo('web.shop.svc.cluster.local'), ['A 10.96.0.10']));
  test('a headless service has the addresses of its ready endpoints', () =>
    assert.deepEqual(answersTo('db.shop.svc.cluster.local'), ['A 10.244.1.2', 'A 10.244.2.2']));
  test('an endpoint has its hostname, or its address with dashes', () => {
    assert.deepEqual(answersTo('db-0.db.shop.svc.cluster.local'), ['A 10.244.1.2']);
    assert.deepEqual(answersTo('10-244-2-2.db.shop.svc.cluster.local'), ['A 10.244.2.2']);
    assert.deepEqual(answersTo('10-244-1-2.db.shop.svc.cluster.local'), ['no such name']);
  });
  test('a pod’s name resolves to the address that it contains', () => {
    assert.deepEqual(answersTo('10-244-9-8.shop.pod.cluster.local'), ['A 10.244.9.8']);
    assert.deepEqual(answersTo('2001-db8--7.shop.pod.cluster.local', 'AAAA'), ['AAAA 2001:db8::7']);
    assert.deepEqual(answersTo('10-244-9-800.shop.pod.cluster.local'), ['no such name']);
    assert.deepEqual(answersTo('web-1.shop.pod.cluster.local'), ['no such name']);
  });
});

describe('other records', () => {
  test('a named port has an SRV record that points to the service, with its address beside it', () => {
    assert.deepEqual(answersTo('_http._tcp.web.shop.svc.cluster.local', 'SRV'), [
      'SRV {"target":"web.shop.svc.cluster.local","port":80,"priority":0,"weight":100}',
    ]);
    const decision = ask('_http._tcp.web.shop.svc.cluster.local', 'SRV');
    assert.ok(decision.outcome === 'reply');
    assert.deepEqual(decision.additionals, [{ type: 'A', name: 'web.shop.svc.cluster.local', ttl: 5, data: '10.96.0.10' }]);
  });
  test('a headless service’s SRV records point to each endpoint at its own port', () => {
    assert.deepEqual(answersTo('_sql._tcp.db.shop.svc.cluster.local', 'SRV'), [
      'SRV {"target":"db-0.db.shop.svc.cluster.local","port":15432,"priority":0,"weight":50}',
      'SRV {"target":"10-244-2-2.db.shop.svc.cluster.local","port":15432,"priority":0,"weight":50}',
    ]);
  });
  test('a question for SRV records without a port’s name returns all ports', () =>
    assert.equal(answersTo('web.shop.svc.cluster.local', 'SRV').length, 2));
  test('reverse questions for addresses of Services and endpoints return names; others go to other servers', () => {
    assert.deepEqual(answersTo('10.0.96.10.in-addr.arpa', 'PTR'), ['PTR web.shop.svc.cluster.local']);
    assert.deepEqual(answersTo('2.1.244.10.in-addr.arpa', 'PTR'), ['PTR db-0.db.shop.svc.cluster.local']);
    assert.deepEqual(answersTo('1.1.168.192.in-addr.arpa', 'PTR'), ['elsewhere']);
    assert.deepEqual(answersTo(`7.${'0.'.repeat(23)}8.b.d.0.1.0.0.2.ip6.arpa`, 'PTR'), ['PTR 2001-db8--7.six.shop.svc.cluster.local']);
    assert.deepEqual(answersTo('7.ip6.arpa', 'PTR'), ['elsewhere']);
  });
  test('the zone answers with its SOA record and the version of its DNS schema', () => {
    assert.equal(answersTo('cluster.local', 'SOA').length, 1);
    assert.deepEqual(answersTo('dns-version.cluster.local', 'TXT'), ['TXT 1.1.0']);
  });
});

describe('aliases', () => {
  test('an alias to a name outside the cluster returns its CNAME alone', () => {
    assert.deepEqual(answersTo('out.shop.svc.cluster.local'), ['CNAME example.org']);
    const decision = ask('out.shop.svc.cluster.local');
    assert.equal(decision.outcome === 'reply' && decision.alias, 'example.org');
  });
  test('an alias to another Service is followed to its address', () =>
    assert.deepEqual(answersTo('in.shop.svc.cluster.local'), ['CNAME web.shop.svc.cluster.local', 'A 10.96.0.10']));
  test('following an alias that leads to itself ends', () => assert.ok(answersTo('loop.shop.svc.cluster.local').length < 10));
});

describe('what is not there', () => {
  const cases: readonly (readonly [string, string, string])[] = [
    ['a name that has no record of that type', 'AAAA web.shop.svc.cluster.local', 'no such record'],
    ['a service that does not exist', 'A nothing.shop.svc.cluster.local', 'no such name'],
    ['a headless service without ready endpoints', 'A empty.shop.svc.cluster.local', 'no such name'],
    ['a port that does not exist', 'SRV _ftp._tcp.web.shop.svc.cluster.local', 'no such name'],
    ['a port without underscores', 'SRV http.tcp.web.shop.svc.cluster.local', 'no such name'],
    ['a namespace', 'A shop.svc.cluster.local', 'no such record'],
    ['a namespace that nobody knows', 'A none.svc.cluster.local', 'no such name'],
    ['the place of services', 'A svc.cluster.local', 'no such record'],
    ['the zone', 'A cluster.local', 'no such record'],
    ['a name outside svc and pod', 'A web.shop.cluster.local', 'no such name'],
    ['a search list’s second try', 'A example.org.shop.svc.cluster.local', 'no such name'],
    ['a name of the world', 'A example.org', 'elsewhere'],
    ['a zone that only looks like ours', 'A notcluster.local', 'elsewhere'],
  ];
  for (const [what, question, outcome] of cases) {
    const [type = '', name = ''] = question.split(' ');
    test(`${what}: ${outcome}`, () => assert.deepEqual(answersTo(name, type), [outcome]));
  }
});
