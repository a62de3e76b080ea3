import assert from 'node:assert/strict';
import { createSocket, type Socket } from 'node:dgram';
import { connect } from 'node:net';
import { after, before, describe, test } from 'node:test';
import dnsPacket, { type Answer, type DecodedPacket, type RecordType } from 'dns-packet';
import type { EndpointSlice, Service } from '../../functions/kube/generated/types.ts';
import { virtualWorld } from '../../test/support/virtual-world.ts';
import { createDns, type Dns } from './dns-server.ts';
import { inFrames } from './frames.ts';
import { serversIn } from './upstream.ts';

const headless = (name: string, pods: number): { service: Service; slice: EndpointSlice } => ({
  service: { metadata: { name, namespace: 'default' }, spec: { clusterIP: 'None' } },
  slice: {
    metadata: { name, namespace: 'default', labels: { 'kubernetes.io/service-name': name } },
    addressType: 'IPv4',
    ports: [{ name: 'a', port: 1 }],
    endpoints: Array.from({ length: pods }, (_, index) => ({ addresses: [`10.244.${index >> 8}.${index & 255}`] })),
  },
});

const question = (name: string, type: RecordType = 'A', extra: readonly Answer[] = []): Buffer =>
  dnsPacket.encode({ type: 'query', id: 7, flags: dnsPacket.RECURSION_DESIRED, questions: [{ name, type }], additionals: [...extra] });

const withUdp = async <T>(use: (socket: Socket) => Promise<T>): Promise<T> => {
  const socket = createSocket('udp4');
  try {
    return await use(socket);
  } finally {
    socket.close();
  }
};

const overUdp = (port: number, query: Buffer): Promise<Buffer> =>
  withUdp(
    (socket) =>
      new Promise((resolve) => {
        socket.once('message', resolve);
        socket.send(query, port, '127.0.0.1');
      }),
  );

const overTcp = (port: number, query: Buffer): Promise<Buffer> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    inFrames(socket, (message) => {
      socket.destroy();
      resolve(message);
    });
    // The length's two bytes and the message's, cut in the wrong place.
    socket.write(Buffer.from([0]));
    socket.write(Buffer.concat([Buffer.from([query.length]), query]));
  });

/** The response code is in the last four bits of the flags. */
const codeOf = (packet: DecodedPacket): number => (packet.flags ?? 0) & 0xf;

describe('the name server', () => {
  const { clock, log } = virtualWorld();
  let dns: Dns;
  let upstream: Socket;
  const silent = createSocket('udp4');
  const [big, small] = [headless('big', 300), headless('small', 20)];
  const out: Service = { metadata: { name: 'out', namespace: 'default' }, spec: { type: 'ExternalName', externalName: 'example.org' } };

  const start = (upstreams: readonly string[]): Promise<Dns> =>
    createDns({ address: '127.0.0.1', port: 0, clusterDomain: 'cluster.local', upstreams, clock, log });

  before(async () => {
    upstream = createSocket('udp4');
    upstream.on('message', (bytes, from) => {
      const { id, questions = [] } = dnsPacket.decode(bytes);
      const answers: Answer[] = [{ type: 'A', name: questions[0]?.name ?? '', ttl: 60, data: '203.0.113.1' }];
      upstream.send(dnsPacket.encode({ type: 'response', id, questions, answers }), from.port, from.address);
    });
    await new Promise<void>((resolve) => upstream.bind(0, '127.0.0.1', resolve));
    await new Promise<void>((resolve) => silent.bind(0, '127.0.0.1', resolve));
    dns = await start([`127.0.0.1:${upstream.address().port}`]);
    dns.update([big.service, small.service, out], [big.slice, small.slice]);
  });
  after(async () => {
    await dns.close();
    upstream.close();
    silent.close();
  });

  test('the name server asks a domain’s stub servers, and the machine’s servers once these are removed', async () => {
    const stub = createSocket('udp4');
    stub.on('message', (bytes, from) => {
      const { id, questions = [] } = dnsPacket.decode(bytes);
      const answers: Answer[] = [{ type: 'A', name: questions[0]?.name ?? '', ttl: 60, data: '203.0.113.9' }];
      stub.send(dnsPacket.encode({ type: 'response', id, questions, answers }), from.port, from.address);
    });
    await new Promise<void>((resolve) => stub.bind(0, '127.0.0.1', resolve));
    const asked = async (name: string): Promise<unknown> => {
      const [answer] = dnsPacket.decode(await overUdp(dns.port, question(name))).answers ?? [];
      return answer !== undefined && 'data' in answer ? answer.data : undefined;
    };
    const server = `127.0.0.1:${stub.address().port}`;
    dns.choose({ stubDomains: new Map([['acme.local', [server]]]), upstreams: [] });
    assert.deepEqual([await asked('www.ACME.local'), await asked('example.org')], ['203.0.113.9', '203.0.113.1']);
    dns.choose({ stubDomains: new Map(), upstreams: [server] });
    assert.equal(await asked('example.org'), '203.0.113.9');
    dns.choose({ stubDomains: new Map(), upstreams: [] });
    assert.equal(await asked('www.acme.local'), '203.0.113.1');
    stub.close();
  });

  test('the name server gives the question back letter for letter and speaks with authority', async () => {
    const reply = dnsPacket.decode(await overUdp(dns.port, question('SMALL.default.svc.Cluster.Local')));
    assert.deepEqual(
      [reply.id, reply.flag_qr, reply.flag_aa, reply.flag_ra, reply.flag_tc, codeOf(reply)],
      [7, true, true, true, false, 0],
    );
    assert.deepEqual(reply.questions, [{ name: 'SMALL.default.svc.Cluster.Local', type: 'A', class: 'IN' }]);
    assert.equal(reply.answers?.length, 20);
  });

  test('the name server starts each answer with another address', async () => {
    const first = async (): Promise<Answer | undefined> =>
      dnsPacket.decode(await overUdp(dns.port, question('small.default.svc.cluster.local'))).answers?.[0];
    assert.notDeepEqual(await first(), await first());
  });

  test('the name server marks a UDP answer as truncated when not all fits, and returns all over TCP', async () => {
    const bytes = await overUdp(dns.port, question('big.default.svc.cluster.local'));
    assert.ok(bytes.length <= 512);
    assert.equal(dnsPacket.decode(bytes).flag_tc, true);
    const whole = dnsPacket.decode(await overTcp(dns.port, question('big.default.svc.cluster.local')));
    assert.deepEqual([whole.flag_tc, whole.answers?.length], [false, 300]);
  });

  test('the name server sends larger UDP answers to clients that accept them', async () => {
    const extension: Answer = {
      type: 'OPT',
      name: '.',
      udpPayloadSize: 4096,
      extendedRcode: 0,
      ednsVersion: 0,
      flags: 0,
      flag_do: false,
      options: [],
    };
    const bytes = await overUdp(dns.port, question('big.default.svc.cluster.local', 'A', [extension]));
    assert.ok(bytes.length > 512 && bytes.length <= 1232);
    assert.deepEqual(
      dnsPacket.decode(bytes).additionals?.map(({ type }) => type),
      ['OPT'],
    );
  });

  test('the name server proves with the zone’s authority what is not there', async () => {
    const reply = dnsPacket.decode(await overUdp(dns.port, question('none.default.svc.cluster.local')));
    assert.deepEqual([codeOf(reply), reply.authorities?.map(({ type }) => type)], [3, ['SOA']]);
    const other = dnsPacket.decode(await overUdp(dns.port, question('small.default.svc.cluster.local', 'AAAA')));
    assert.deepEqual([codeOf(other), other.answers, other.authorities?.map(({ type }) => type)], [0, [], ['SOA']]);
  });

  test('the name server passes on what is not the cluster’s, and follows aliases there', async () => {
    const reply = dnsPacket.decode(await overUdp(dns.port, question('example.org')));
    assert.deepEqual(
      reply.answers?.map((answer) => 'data' in answer && answer.data),
      ['203.0.113.1'],
    );
    const alias = dnsPacket.decode(await overUdp(dns.port, question('out.default.svc.cluster.local')));
    assert.deepEqual(
      alias.answers?.map((answer) => 'data' in answer && answer.data),
      ['example.org', '203.0.113.1'],
    );
  });

  test('the name server answers after garbage', async () => {
    await withUdp(async (socket) => {
      for (const bytes of [Buffer.alloc(0), Buffer.from('?'), Buffer.alloc(40, 0xff)]) socket.send(bytes, dns.port, '127.0.0.1');
      assert.equal(codeOf(dnsPacket.decode(await overUdp(dns.port, question('small.default.svc.cluster.local')))), 0);
    });
  });

  test('the name server fails when no upstream answers, and then at once until it asks them again', async () => {
    const world = virtualWorld();
    const server = await createDns({
      address: '127.0.0.1',
      port: 0,
      clusterDomain: 'cluster.local',
      upstreams: [`127.0.0.1:${silent.address().port}`],
      ...world,
    });
    try {
      let answered = false;
      const first = overUdp(server.port, question('example.org')).then((bytes) => {
        answered = true;
        return dnsPacket.decode(bytes);
      });
      await new Promise((resolve) => silent.once('message', resolve));
      await world.settle();
      assert.equal(answered, false);
      await world.advance(2_000);
      assert.equal(codeOf(await first), 2);
      assert.equal(codeOf(dnsPacket.decode(await overUdp(server.port, question('example.org')))), 2);
    } finally {
      await server.close();
    }
  });
});

test('name servers on the machine’s loopback are not asked', () => {
  assert.deepEqual(serversIn('# a comment\nnameserver 127.0.0.53\nnameserver 10.0.0.2\nnameserver fe80::1\nsearch example.org\n'), [
    '10.0.0.2',
  ]);
});
