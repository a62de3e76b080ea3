import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Node } from '../../functions/kube/generated/types.ts';
import { conflist } from './conflist.ts';
import { presentRoutes, routeCommands, wantedRoutes } from './routes.ts';

const node = (name: string, podCIDR: string | undefined, address: string | undefined): Node => ({
  metadata: { name },
  spec: { podCIDR },
  status: {
    addresses:
      address === undefined
        ? []
        : [
            { type: 'Hostname', address: name },
            { type: 'InternalIP', address },
          ],
  },
});

const self = node('a', '10.244.1.0/24', '192.0.2.1');
const other = node('b', '10.244.2.0/24', '192.0.2.2');

const limits = { clusterCidr: '10.244.0.0/16', nodeNetwork: '192.0.2.1/24' };
const routesTo = (...nodes: Node[]): [string, string][] => [...wantedRoutes(self, nodes, limits).routes];
const created = (one: Node, creationTimestamp: string): Node => ({ ...one, metadata: { ...one.metadata, creationTimestamp } });

describe('routes', () => {
  test('routes lead to the pods of every other node by way of it', () =>
    assert.deepEqual(routesTo(self, other), [['10.244.2.0/24', '192.0.2.2']]));

  test('routes wait for nodes that have no range or no address yet', () => {
    const { routes, refused } = wantedRoutes(self, [node('b', undefined, '192.0.2.2'), node('c', '10.244.3.0/24', undefined)], limits);
    assert.deepEqual([routes.size, refused], [0, []]);
  });

  const lies = {
    'every address': ['0.0.0.0/0', '192.0.2.2'],
    'half of the pods': ['10.244.0.0/17', '192.0.2.2'],
    'the range of services': ['10.96.0.0/24', '192.0.2.2'],
    'the network of nodes': ['192.0.2.0/24', '192.0.2.2'],
    'the pods of the node itself': ['10.244.1.0/24', '192.0.2.2'],
    'one pod of the node itself': ['10.244.1.7/32', '192.0.2.2'],
    'a text': ['10.244.2.0/24; flush ruleset', '192.0.2.2'],
    'pods by way of the node itself': ['10.244.2.0/24', '192.0.2.1'],
    'pods by way of a pod': ['10.244.2.0/24', '10.244.1.5'],
    'pods by way of an address outside': ['10.244.2.0/24', '198.51.100.1'],
    'pods by way of the loopback': ['10.244.2.0/24', '127.0.0.1'],
    'pods by way of the metadata service': ['10.244.2.0/24', '169.254.169.254'],
  } as const;
  for (const [what, [range, gateway]] of Object.entries(lies)) {
    test(`routes are refused to a node that claims ${what}`, () => {
      const { routes, refused } = wantedRoutes(self, [node('b', range, gateway)], limits);
      assert.deepEqual([routes.size, refused.map((one) => one.node)], [0, ['b']]);
    });
  }

  test('routes of a range that two nodes claim lead to the older one', () => {
    const [old, young] = [created(node('z', '10.244.2.0/24', '192.0.2.9'), '2026-01-01T00:00:00Z'), created(other, '2026-01-02T00:00:00Z')];
    assert.deepEqual(routesTo(young, old), [['10.244.2.0/24', '192.0.2.9']]);
  });

  test('routes wait until the node knows its own network', () =>
    assert.equal(wantedRoutes(self, [other], { ...limits, nodeNetwork: undefined }).routes.size, 0));

  const wanted = new Map([['10.244.2.0/24', '192.0.2.2']]);
  const commands = (present: ReadonlyMap<string, string>): string[] => routeCommands(wanted, present).map((command) => command.join(' '));

  test('routes that are missing or lead elsewhere are set', () => {
    const set = ['route replace 10.244.2.0/24 via 192.0.2.2 proto 72'];
    assert.deepEqual(commands(new Map()), set);
    assert.deepEqual(commands(presentRoutes([{ dst: '10.244.2.0/24', gateway: '192.0.2.9' }])), set);
  });
  test('routes that are right are left alone', () => assert.deepEqual(commands(wanted), []));
  test('routes that are stale go', () =>
    assert.deepEqual(commands(new Map([...wanted, ['10.244.9.0/24', '192.0.2.9']])), ['route delete 10.244.9.0/24 proto 72']));
});

test('the CNI configuration gives pods addresses of the node’s range, and keeps them in the node’s directory', () => {
  const { plugins } = JSON.parse(conflist({ podCIDR: '10.244.1.0/24', ipamDirectory: '/state/ipam', mtu: 1400 }));
  assert.deepEqual(plugins[0].ipam, {
    type: 'host-local',
    dataDir: '/state/ipam',
    ranges: [[{ subnet: '10.244.1.0/24' }]],
    routes: [{ dst: '0.0.0.0/0' }],
  });
  assert.deepEqual([plugins[0].mtu, plugins[0].ipMasq, plugins[0].hairpinMode], [1400, false, true]);
});
