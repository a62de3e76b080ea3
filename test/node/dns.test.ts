/** A node's name server, asked by its pods through the C library's own resolver (c-ares) and from both nodes. */
import assert from 'node:assert/strict';
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { createSocket, type Socket } from 'node:dgram';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import dnsPacket from 'dns-packet';
import type { EndpointSlice, Service } from '../../functions/kube/generated/types.ts';
import { canRunContainers } from '../../infra/local/hosts/can-run-containers.ts';
import { twoHosts, type TestPod, type TwoHosts } from './support/two-hosts.ts';

const can = await canRunContainers();
const echo = join(import.meta.dirname, 'support/echo.ts');
const server = '169.254.20.10';

const ask = async (pod: TestPod, type: string, name: string): Promise<unknown> =>
  JSON.parse(await pod.run([process.execPath, echo, 'resolve', server, type, name]));

describe('a node’s name server', { skip: can.ok ? false : can.why }, () => {
  let world: TwoHosts;
  let servers: ChildProcessWithoutNullStreams[] = [];
  let upstream: Socket;
  let [near, far]: TestPod[] = [];

  const update = async (services: readonly Service[], endpointSlices: readonly EndpointSlice[]): Promise<void> => {
    for (const child of servers) {
      const updated = new Promise((resolve) => child.stdout.once('data', resolve));
      child.stdin.write(`${JSON.stringify({ services, endpointSlices })}\n`);
      await updated;
    }
  };

  before(async () => {
    world = await twoHosts();
    near = await world.pod(world.hosts[0], 'near');
    far = await world.pod(world.hosts[1], 'far');
    upstream = createSocket('udp4');
    upstream.on('message', (bytes, from) => {
      const { id, questions = [] } = dnsPacket.decode(bytes);
      const answers = [{ type: 'A' as const, name: questions[0]?.name ?? '', ttl: 60, data: '203.0.113.1' }];
      upstream.send(dnsPacket.encode({ type: 'response', id, questions, answers }), from.port, from.address);
    });
    await new Promise<void>((resolve) => upstream.bind(0, world.gateway, resolve));
    servers = world.hosts.map(({ netns }) =>
      spawn('nsenter', [`--net=${netns}`, '--', process.execPath, echo, 'dns', server, `${world.gateway}:${upstream.address().port}`]),
    );
  });
  after(async () => {
    for (const child of servers) {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await ended;
    }
    upstream?.close();
    await world?.remove();
  });

  test('answers pods of its own node at the address that all nodes have', async () => {
    const service: Service = {
      metadata: { name: 'web', namespace: 'default' },
      spec: { clusterIP: '10.96.0.10', ports: [{ name: 'http', port: 80 }] },
    };
    await update([service], []);
    for (const pod of [near!, far!]) {
      assert.deepEqual(await ask(pod, 'A', 'web.default.svc.cluster.local'), ['10.96.0.10']);
      assert.deepEqual(await ask(pod, 'SRV', '_http._tcp.web.default.svc.cluster.local'), [
        { type: 'SRV', name: 'web.default.svc.cluster.local', port: 80, priority: 0, weight: 100 },
      ]);
      assert.equal(await ask(pod, 'AAAA', 'web.default.svc.cluster.local'), 'ENODATA');
      assert.equal(await ask(pod, 'A', 'nothing.default.svc.cluster.local'), 'ENOTFOUND');
    }
  });

  test('passes a pod’s other questions to the machine’s name server', async () => {
    assert.deepEqual(await ask(near!, 'A', 'example.org'), ['203.0.113.1']);
  });

  test('gives a pod more addresses than fit into a datagram', async () => {
    const service: Service = { metadata: { name: 'big', namespace: 'default' }, spec: { clusterIP: 'None' } };
    const slice: EndpointSlice = {
      metadata: { name: 'big', namespace: 'default', labels: { 'kubernetes.io/service-name': 'big' } },
      addressType: 'IPv4',
      endpoints: Array.from({ length: 200 }, (_, index) => ({ addresses: [`10.244.7.${index}`] })),
    };
    await update([service], [slice]);
    assert.equal(((await ask(far!, 'A', 'big.default.svc.cluster.local')) as string[]).length, 200);
  });
});
