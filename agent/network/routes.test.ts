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

describe('routes', () => {
  test('lead to the pods of every other node by way of it', () =>
    assert.deepEqual([...wantedRoutes(self, [self, other])], [['10.244.2.0/24', '192.0.2.2']]));

  test('wait for nodes that have no range or no address yet', () =>
    assert.deepEqual([...wantedRoutes(self, [node('b', undefined, '192.0.2.2'), node('c', '10.244.3.0/24', undefined)])], []));

  test('never lead to the node itself', () => assert.deepEqual([...wantedRoutes(self, [node('b', '10.244.2.0/24', '192.0.2.1')])], []));

  const wanted = new Map([['10.244.2.0/24', '192.0.2.2']]);
  const commands = (present: ReadonlyMap<string, string>): string[] => routeCommands(wanted, present).map((command) => command.join(' '));

  test('that are missing or lead elsewhere are set', () => {
    const set = ['route replace 10.244.2.0/24 via 192.0.2.2 proto 72'];
    assert.deepEqual(commands(new Map()), set);
    assert.deepEqual(commands(presentRoutes([{ dst: '10.244.2.0/24', gateway: '192.0.2.9' }])), set);
  });
  test('that are right are left alone', () => assert.deepEqual(commands(wanted), []));
  test('that are stale go', () =>
    assert.deepEqual(commands(new Map([...wanted, ['10.244.9.0/24', '192.0.2.9']])), ['route delete 10.244.9.0/24 proto 72']));
});

test('the runtime gives pods addresses of the node’s range, remembered in the node’s own place', () => {
  const { plugins } = JSON.parse(conflist({ podCIDR: '10.244.1.0/24', ipamDirectory: '/state/ipam', mtu: 1400 }));
  assert.deepEqual(plugins[0].ipam, {
    type: 'host-local',
    dataDir: '/state/ipam',
    ranges: [[{ subnet: '10.244.1.0/24' }]],
    routes: [{ dst: '0.0.0.0/0' }],
  });
  assert.deepEqual([plugins[0].mtu, plugins[0].ipMasq, plugins[0].hairpinMode], [1400, false, true]);
});
