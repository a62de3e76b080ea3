import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hostDnsOf } from './machine.ts';

const direct = 'nameserver 192.168.0.1\nsearch lan example.com\noptions edns0 trust-ad\n';
const stub = '# by systemd-resolved\nnameserver 127.0.0.53\noptions edns0\nsearch .\n';
const dns = { servers: ['192.168.0.1'], searches: ['lan', 'example.com'], options: ['edns0', 'trust-ad'] };

test('the node’s name servers are those of its resolv.conf', () => {
  assert.deepEqual(hostDnsOf(direct, ''), dns);
  assert.deepEqual(hostDnsOf(direct, 'nameserver 10.0.0.1\n'), dns);
});

test('pods get the servers that systemd-resolved asks, since its own address is a loopback one', () => {
  assert.deepEqual(hostDnsOf(stub, direct), dns);
});

test('a name server of the node’s own stays where no other is listed', () => {
  assert.deepEqual(hostDnsOf(stub, ''), { servers: ['127.0.0.53'], searches: ['.'], options: ['edns0'] });
});
