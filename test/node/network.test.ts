/** The network of two nodes, on two hosts that are namespaces of this machine. */
import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { canRunContainers } from '../../infra/local/hosts/can-run-containers.ts';
import { ask, testNode, twoHosts, type TestPod, type TwoHosts } from './support/two-hosts.ts';

const can = await canRunContainers();

describe('two nodes', { skip: can.ok ? false : can.why }, () => {
  let world: TwoHosts;
  let [near, far]: TestPod[] = [];

  before(async () => {
    world = await twoHosts();
    near = await world.pod(world.hosts[0], 'near');
    far = await world.pod(world.hosts[1], 'far');
  });
  after(() => world.remove());

  test('a pod reaches a pod of the other node, and is known there by its own address', async () => {
    assert.deepEqual(await ask(near!.run, { address: far!.address, port: 8080 }), [`far ${near!.address}`]);
    assert.deepEqual(await ask(far!.run, { address: near!.address, port: 8080, protocol: 'udp' }), [`near ${far!.address}`]);
  });

  test('a node reaches pods of both nodes', async () => {
    assert.deepEqual(await ask(world.hosts[0].run, { address: near!.address, port: 8080 }), ['near 10.244.1.1']);
    assert.deepEqual(await ask(world.hosts[0].run, { address: far!.address, port: 8080 }), [`far ${world.hosts[0].address}`]);
  });

  test('outside the cluster a pod has its node’s address', async () => {
    const server: Server = createServer((socket) => socket.end(`outside ${socket.remoteAddress}`));
    await new Promise<void>((resolve) => server.listen(0, world.gateway, resolve));
    const { port } = server.address() as { port: number };
    try {
      assert.deepEqual(await ask(near!.run, { address: world.gateway, port }), [`outside ${world.hosts[0].address}`]);
    } finally {
      server.close();
    }
  });

  test('every node has the name server’s address', async () => {
    for (const host of world.hosts)
      assert.match(await host.run(['ip', '-4', 'addr', 'show', 'dev', 'nodelocaldns']), /inet 169\.254\.20\.10\/32/);
  });

  test('configuring again changes nothing, and a node that goes takes its route along', async () => {
    const [a, b] = world.hosts;
    const routes = (): Promise<string> => a.run(['ip', '-4', 'route', 'show', 'proto', '72']);
    const before = await routes();
    await a.network.configure(a.node, [a.node, b.node]);
    assert.equal(await routes(), before);
    await a.network.configure(a.node, [a.node, testNode('c', '10.244.3.0/24', b.address)]);
    assert.equal((await routes()).trim(), `10.244.3.0/24 via ${b.address} dev eth0`);
    await a.network.configure(a.node, [a.node, b.node]);
    assert.equal(await routes(), before);
  });
});
