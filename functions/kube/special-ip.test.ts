import assert from 'node:assert/strict';
import { test } from 'node:test';
import { specialIpProblem } from './special-ip.ts';

const loopback = 'may not be in the loopback range (127.0.0.0/8, ::1/128)';
const linkLocal = 'may not be in the link-local range (169.254.0.0/16, fe80::/10)';
const multicast = 'may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)';

for (const [address, why] of [
  ['127.0.0.1', loopback],
  ['127.255.255.254', loopback],
  ['127.0.0.01', loopback],
  ['::1', loopback],
  ['::ffff:127.0.0.1', loopback],
  ['169.254.169.254', linkLocal],
  ['169.254.0.0', linkLocal],
  ['::ffff:169.254.169.254', linkLocal],
  ['fe80::1', linkLocal],
  ['febf::1', linkLocal],
  ['224.0.0.1', multicast],
  ['ff02::1', multicast],
  ['0.0.0.0', 'may not be unspecified (0.0.0.0)'],
  ['::', 'may not be unspecified (::)'],
  ['10.0.0.1', undefined],
  ['126.255.255.255', undefined],
  ['128.0.0.1', undefined],
  ['169.253.255.255', undefined],
  ['169.255.0.0', undefined],
  ['224.0.1.0', undefined],
  ['fec0::1', undefined],
  ['fd00:ec2::254', undefined],
  ['a', undefined],
] as const) {
  test(`${address} ${why ?? 'may be led to'}`, () => assert.equal(specialIpProblem(address), why));
}
