/** The network of two nodes, for each back-end that connects pods. The two hosts are namespaces of this machine. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { runCommand } from '../../agent/network/run.ts';
import { canRunContainers } from '../../infra/local/hosts/can-run-containers.ts';
import { ask, backEnds, hasTunnels, testNode, twoHosts, type TestPod, type TwoHosts } from './support/two-hosts.ts';

const can = await canRunContainers();

for (const podNetwork of backEnds) {
  const isTunnel = hasTunnels(podNetwork);
  describe(`two nodes by ${podNetwork}`, { skip: can.ok ? false : can.why }, () => {
    let world: TwoHosts;
    let [near, far]: TestPod[] = [];

    before(async () => {
      world = await twoHosts(podNetwork);
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
      assert.deepEqual(await ask(world.hosts[0].run, { address: far!.address, port: 8080 }), [
        `far ${isTunnel ? '10.244.1.0' : world.hosts[0].address}`,
      ]);
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
      const [way, ...others] = (await routes()).trim().split('\n');
      const start = isTunnel ? '10.244.3.0/24 via 10.244.3.0 dev ' : `10.244.3.0/24 via ${b.address} dev eth0`;
      assert.deepEqual([way?.startsWith(start), others], [true, []], way);
      await a.network.configure(a.node, [a.node, b.node]);
      assert.equal(await routes(), before);
    });
  });
}

describe('tunnels', { skip: can.ok ? false : can.why }, () => {
  let world: TwoHosts;
  let [near, far]: TestPod[] = [];

  before(async () => {
    world = await twoHosts('vxlan');
    near = await world.pod(world.hosts[0], 'near');
    far = await world.pod(world.hosts[1], 'far');
  });
  after(() => world.remove());

  const received = async (): Promise<number> => {
    const [link] = JSON.parse(await world.hosts[1].run(['ip', '-j', '-s', 'link', 'show', 'hib-vxlan']));
    return link.stats64.rx.packets;
  };

  /** Source: /proc/net/snmp, whose first line of each protocol names the fields of the second. */
  const fragmentsMade = async (): Promise<number> => {
    const text = await world.hosts[0].run(['cat', '/proc/net/snmp']);
    const [names = [], values = []] = text
      .split('\n')
      .filter((line) => line.startsWith('Ip: '))
      .map((line) => line.split(' '));
    return Number(values[names.indexOf('FragCreates')]);
  };

  test('tunnels carry the largest packets of pods in one piece: pods’ links leave room for what tunnels add', async () => {
    const [before, fragments] = [await received(), await fragmentsMade()];
    assert.equal(await mtuOf(near!), (await mtuOf(world.hosts[0])) - 50);
    const bytes = (await mtuOf(near!)) - headerBytes;
    await near!.run(['bash', '--norc', '-c', `dd if=/dev/zero bs=${bytes} count=1 status=none > /dev/udp/${far!.address}/8080`]);
    // The link has packets of its own, such as those by which neighbours are found.
    assert.ok((await received()) > before);
    assert.equal(await fragmentsMade(), fragments);
  });

  test('tunnels take nothing from pods and strangers', async () => {
    const [a, b] = world.hosts;
    const before = await received();
    const send = [
      'bash',
      '--norc',
      '-c',
      `printf '${frame}' | dd bs=${frameBytes} iflag=fullblock status=none > /dev/udp/${b.address}/4789`,
    ];
    for (const pod of [near!, far!]) await pod.run(send);
    await runCommand(send);
    assert.equal(await received(), before);
    await a.run(send);
    assert.equal(await received(), before + 1);
  });
});

/** The headers of IPv4 and UDP together. */
const headerBytes = 28;
/** What a tunnel carries: flags, the network's number, and an empty packet for the other end. */
const frame = `\\x08${'\\x00'.repeat(5)}\\x01\\x00${'\\x0a\\x58\\x0a\\xf4\\x02\\x00'}${'\\x02\\x00\\x00\\x00\\x00\\x01'}\\x08\\x00${'\\x00'.repeat(60)}`;
const frameBytes = 82;

describe('a CNI configuration of one’s own', { skip: can.ok ? false : can.why }, () => {
  const directory = mkdtempSync(join(tmpdir(), 'macvlan-'));
  const macvlan = {
    type: 'macvlan',
    master: 'eth0',
    mode: 'bridge',
    ipam: { type: 'host-local', dataDir: directory, ranges: [[{ subnet: '10.99.0.0/24' }]] },
  };
  let world: TwoHosts;
  before(async () => (world = await twoHosts(JSON.stringify({ cniVersion: '0.4.0', name: 'lan', plugins: [macvlan] }))));
  after(async () => {
    await world.remove();
    rmSync(directory, { recursive: true });
  });

  test('connects pods of both nodes to the nodes’ own segment', async () => {
    const near = await world.pod(world.hosts[0], 'near');
    const far = await world.pod(world.hosts[1], 'far');
    assert.deepEqual(await ask(near.run, { address: far.address, port: 8080 }), [`far ${near.address}`]);
    assert.match(near.address, /^10\.99\.0\./);
    assert.equal((await world.hosts[0].run(['ip', '-4', 'route', 'show', 'proto', '72'])).trim(), '');
  });
});

async function mtuOf({ run }: Pick<TestPod, 'run'>): Promise<number> {
  const [link] = JSON.parse(await run(['ip', '-j', 'link', 'show', 'eth0']));
  return link.mtu;
}
