import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EndpointSlice, Service } from '../../functions/kube/generated/types.ts';
import { virtualWorld } from '../../test/support/virtual-world.ts';
import { CommandFailed, type Run } from '../network/run.ts';
import { createServiceProxy } from './service-proxy.ts';

const service = (name: string, clusterIP: string, protocol = 'TCP'): Service => ({
  metadata: { name, namespace: 'default' },
  spec: { clusterIP, clusterIPs: [clusterIP], ports: [{ port: 53, protocol }] },
});
const slice = (name: string, addresses: readonly string[], protocol = 'TCP'): EndpointSlice => ({
  metadata: { name: `${name}-1`, namespace: 'default', labels: { 'kubernetes.io/service-name': name } },
  addressType: 'IPv4',
  ports: [{ port: 5353, protocol }],
  endpoints: addresses.map((address) => ({ addresses: [address], conditions: { ready: true } })),
});

/** `whole` for a table written anew, `part` for a difference, everything else as it was run. */
function machine() {
  const world = virtualWorld();
  const ran: string[] = [];
  const texts: string[] = [];
  let isBroken = false;
  let held: Promise<void> = Promise.resolve();
  const run: Run = async (command, { input = '' } = {}) => {
    await held;
    if (isBroken) throw new CommandFailed(command, 'exit code 1', 'no');
    if (command.join(' ') === 'nft -j list table ip hibernetes_services') return '{"nftables":[]}';
    ran.push(input === '' ? command.join(' ') : input.includes('delete table') ? 'whole' : 'part');
    texts.push(input);
    return '';
  };
  const proxy = createServiceProxy({ ...world, run, nodeName: 'a', clusterCidr: '10.244.0.0/16' });
  const sync = async (services: readonly Service[], slices: readonly EndpointSlice[]): Promise<string[]> => {
    ran.length = 0;
    await proxy.sync(services, slices, { addresses: ['192.168.0.1'] });
    return [...ran];
  };
  const hold = (): (() => void) => {
    let release = (): void => {};
    held = new Promise((resolve) => (release = resolve));
    return release;
  };
  return { world, proxy, sync, texts, hold, break: (to: boolean) => (isBroken = to) };
}
const web = service('web', '10.96.0.10');

test('the table is written as a whole once, and from then on by the difference', async () => {
  const { sync, texts } = machine();
  assert.deepEqual(await sync([web], [slice('web', ['10.244.1.2'])]), ['whole']);
  assert.deepEqual(await sync([web], [slice('web', ['10.244.1.2'])]), []);
  assert.deepEqual(await sync([web], [slice('web', ['10.244.1.2', '10.244.2.3'])]), ['part']);
  assert.ok(texts.at(-1)!.includes('10.244.2.3'), texts.at(-1));
});

test('after a failure nothing is taken for granted', async () => {
  const { sync, break: breakIt } = machine();
  await sync([web], []);
  breakIt(true);
  await assert.rejects(sync([web], [slice('web', ['10.244.1.2'])]), CommandFailed);
  breakIt(false);
  assert.deepEqual(await sync([web], [slice('web', ['10.244.1.2'])]), ['whole']);
});

test('a table that another program changed is written again', async () => {
  const { sync, world } = machine();
  await sync([web], [slice('web', ['10.244.1.2'])]);
  await world.advance(60_000);
  assert.deepEqual(await sync([web], [slice('web', ['10.244.1.2'])]), ['whole']);
  assert.equal(world.lines.at(-1)?.message, 'Another program changed the table of services; it is written anew');
});

test('UDP that still goes to an endpoint that is gone is forgotten', async () => {
  const { sync } = machine();
  const dns = service('dns', '10.96.0.53', 'UDP');
  await sync([dns], [slice('dns', ['10.244.1.2', '10.244.1.3'], 'UDP')]);
  assert.deepEqual(await sync([dns], [slice('dns', ['10.244.1.3'], 'UDP')]), [
    'part',
    'conntrack -D -p udp --orig-dst 10.96.0.53 --orig-port-dst 53 --dst-nat 10.244.1.2 --reply-port-src 5353',
  ]);
});

test('syncs queue up, and end with the proxy', async () => {
  const { proxy, hold, texts } = machine();
  const release = hold();
  const first = proxy.sync([web], [], { addresses: [] });
  const second = proxy.sync([web, service('api', '10.96.0.11')], [], { addresses: [] });
  const closed = proxy.close();
  release();
  await Promise.all([first, second, closed]);
  await proxy.sync([], [], { addresses: [] });
  assert.ok(texts.length <= 1, 'nothing begins after the end');
});
