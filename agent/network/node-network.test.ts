import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import type { Node } from '../../functions/kube/generated/types.ts';
import { virtualWorld } from '../../test/support/virtual-world.ts';
import { createNodeNetwork } from './node-network.ts';
import { CommandFailed, type Run } from './run.ts';
import { tunnelCommands } from './vxlan.ts';

const root = mkdtempSync(join(tmpdir(), 'node-network-'));
after(() => rmSync(root, { recursive: true }));

const node = (name: string, index: number, podCIDR: string | undefined = `10.244.${index}.0/24`): Node => ({
  metadata: { name },
  spec: { podCIDR },
  status: { addresses: [{ type: 'InternalIP', address: `192.168.0.${index}` }] },
});
const [a, b, c] = [node('a', 1), node('b', 2), node('c', 3)] as const;

let count = 0;
/** A node whose programs only note what they are asked, and answer what the kernel would. */
function machine(podNetwork?: string) {
  const directory = join(root, String((count += 1)));
  const world = virtualWorld();
  const ran: string[] = [];
  const broken = new Set<string>();
  const loadable = new Map<string, string>();
  let routes: { dst: string; gateway: string }[] = [];
  const run: Run = async (command, options = {}) => {
    const text = command.join(' ');
    if ([...broken].some((part) => text.includes(part))) throw new CommandFailed(command, 'exit code 2', 'unreachable');
    if (text === 'ip -j -4 addr show') return JSON.stringify([{ mtu: 1450, addr_info: [{ local: '192.168.0.1', prefixlen: 24 }] }]);
    if (['ip -j link', 'ip -j -d link', 'ip -j -4 neigh', 'bridge -j'].some((start) => text.startsWith(start))) return '[]';
    if (text.startsWith('ip -j -4 route')) return JSON.stringify(routes);
    broken.delete(loadable.get(text.replace('modprobe ', '')) ?? '');
    ran.push(
      options.input === undefined
        ? text
        : `${text}: ${options.input
            .split('\n')
            .find((line) => line.includes('saddr'))
            ?.trim()}`,
    );
    return '';
  };
  const network = createNodeNetwork({
    run,
    directory,
    cniConfDir: join(directory, 'cni'),
    clusterCidr: '10.244.0.0/16',
    podNetwork,
    log: world.log,
  });
  const configure = async (self: Node, nodes: readonly Node[]): Promise<string[]> => {
    ran.length = 0;
    await network.configure(self, nodes);
    return [...ran];
  };
  const conflist = (): unknown => JSON.parse(readFileSync(join(directory, 'cni/10-pods.conflist'), 'utf8'));
  return { world, directory, network, configure, conflist, broken, loadable, setRoutes: (now: typeof routes) => (routes = now) };
}

test('a node is prepared once, and gets a way to every other node’s pods', async () => {
  const { configure, network, setRoutes } = machine();
  assert.deepEqual(await configure(a, [a, b, c]), [
    'sysctl -q -w net.ipv4.ip_forward=1',
    'sysctl -q -w net.bridge.bridge-nf-call-iptables=1',
    'ip link add nodelocaldns type bridge',
    'ip addr replace 169.254.20.10/32 dev nodelocaldns',
    'ip link set nodelocaldns up',
    'nft -f -: ip saddr 10.244.1.0/24 ip daddr != 10.244.0.0/16 fib daddr type != local masquerade fully-random',
    'ip -4 route replace 10.244.2.0/24 via 192.168.0.2 proto 72',
    'ip -4 route replace 10.244.3.0/24 via 192.168.0.3 proto 72',
  ]);
  assert.equal(network.ready(), true);
  setRoutes([
    { dst: '10.244.2.0/24', gateway: '192.168.0.2' },
    { dst: '10.244.3.0/24', gateway: '192.168.0.3' },
  ]);
  assert.deepEqual(await configure(a, [a, b, c]), []);
  assert.deepEqual(await configure(a, [a, b]), ['ip -4 route delete 10.244.3.0/24 proto 72']);
});

test('the kernel’s module for bridged packets is loaded where it is missing', async () => {
  const { configure, broken, loadable } = machine();
  broken.add('bridge-nf-call-iptables');
  loadable.set('br_netfilter', 'bridge-nf-call-iptables');
  const setting = 'sysctl -q -w net.bridge.bridge-nf-call-iptables=1';
  assert.deepEqual((await configure(a, [a])).slice(1, 3), ['modprobe br_netfilter', setting]);
});

test('pods get addresses of the node’s range, and packets that fit through its link', async () => {
  const { configure, conflist, directory } = machine();
  await configure(a, [a]);
  const bridge = {
    type: 'bridge',
    bridge: 'cni0',
    isGateway: true,
    ipMasq: false,
    hairpinMode: true,
    mtu: 1450,
    ipam: {
      type: 'host-local',
      dataDir: join(directory, 'ipam'),
      ranges: [[{ subnet: '10.244.1.0/24' }]],
      routes: [{ dst: '0.0.0.0/0' }],
    },
  };
  const portmap = { type: 'portmap', capabilities: { portMappings: true }, snat: true };
  assert.deepEqual(conflist(), { cniVersion: '0.4.0', name: 'pods', plugins: [bridge, portmap] });
});

test('a node without a pod range is not ready, and takes no range of another node', async () => {
  const { configure, network, directory } = machine();
  await configure({ ...a, spec: {} }, [a]);
  assert.equal(network.ready(), false);
  assert.equal(existsSync(join(directory, 'cni')), false);
});

describe('what fails', () => {
  test('a route to one node that cannot be set is logged, and the other routes are set', async () => {
    const { configure, broken, world } = machine();
    broken.add('192.168.0.2');
    const ran = await configure(a, [a, b, c]);
    assert.equal(ran.at(-1), 'ip -4 route replace 10.244.3.0/24 via 192.168.0.3 proto 72');
    const { message, keys } = world.lines.at(-1)!;
    assert.equal(message, 'A way to another node’s pods could not be set');
    assert.equal(keys['command'], 'ip -4 route replace 10.244.2.0/24 via 192.168.0.2 proto 72');
  });

  test('before the network is there is tried again as a whole', async () => {
    const { configure, broken, network } = machine();
    broken.add('nft');
    await assert.rejects(configure(a, [a]), CommandFailed);
    assert.equal(network.ready(), false);
    broken.clear();
    await configure(a, [a]);
    assert.equal(network.ready(), true);
  });
});

describe('tunnels', () => {
  test('tunnels have an end with the first address of the node’s range, and a way to each other node', async () => {
    const { configure, conflist } = machine('vxlan');
    const ran = await configure(a, [a, b]);
    assert.deepEqual(ran.slice(-6), [
      'ip link add hib-vxlan mtu 1400 address 0a:58:0a:f4:01:00 type vxlan id 1 local 192.168.0.1 dstport 4789 nolearning',
      'ip addr replace 10.244.1.0/32 dev hib-vxlan',
      'ip link set hib-vxlan up',
      'bridge fdb replace 0a:58:0a:f4:02:00 dev hib-vxlan dst 192.168.0.2 self permanent',
      'ip neigh replace 10.244.2.0 lladdr 0a:58:0a:f4:02:00 dev hib-vxlan nud permanent',
      'ip -4 route replace 10.244.2.0/24 via 10.244.2.0 dev hib-vxlan onlink proto 72',
    ]);
    assert.equal((conflist() as { plugins: { mtu: number }[] }).plugins[0]?.mtu, 1400);
  });

  test('tunnels lead to nodes of other networks', async () => {
    const { configure } = machine('vxlan');
    const away = { ...b, status: { addresses: [{ type: 'InternalIP', address: '172.20.0.9' }] } };
    assert.ok((await configure(a, [a, away])).some((line) => line.includes('dst 172.20.0.9')));
  });

  test('tunnels that are as wanted are left alone, and what belonged to a node that is gone goes', () => {
    const present = {
      routes: [{ dst: '10.244.2.0/24', gateway: '10.244.2.0' }],
      neighbours: [{ dst: '10.244.2.0', lladdr: '0a:58:0a:f4:02:00' }],
      forwards: [{ mac: '0a:58:0a:f4:02:00', dst: '192.168.0.2' }],
    };
    assert.deepEqual(tunnelCommands(new Map([['10.244.2.0/24', '192.168.0.2']]), present), []);
    assert.deepEqual(
      tunnelCommands(new Map(), present).map((command) => command.join(' ')),
      [
        'ip -4 route delete 10.244.2.0/24 proto 72',
        'ip neigh delete 10.244.2.0 dev hib-vxlan',
        'bridge fdb delete 0a:58:0a:f4:02:00 dev hib-vxlan dst 192.168.0.2',
      ],
    );
  });
});

describe('networks that others make', () => {
  test('a given configuration waits for the node’s range, and is written with it', async () => {
    const template = '{"cniVersion":"1.0.0","name":"lan","plugins":[{"type":"ptp","ipam":{"subnet":"{{.PodCIDR}}"}}]}';
    const { configure, conflist, network } = machine(template);
    await configure({ ...a, spec: {} }, [a]);
    assert.equal(network.ready(), false);
    const ran = await configure(a, [a, b]);
    assert.equal(network.ready(), true);
    assert.deepEqual(conflist(), JSON.parse(template.replace('{{.PodCIDR}}', '10.244.1.0/24')));
    assert.deepEqual(ran, []);
  });

  test('pods wait until another program writes the CNI configuration', async () => {
    const { configure, network, directory } = machine('none');
    await configure(a, [a, b]);
    assert.equal(network.ready(), false);
    mkdirSync(join(directory, 'cni'), { recursive: true });
    writeFileSync(join(directory, 'cni/10-flannel.conflist'), '{}');
    assert.equal(network.ready(), true);
  });
});
