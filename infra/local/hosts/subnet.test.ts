import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fabricNames, shortId } from './host.ts';
import { freeSubnet, nextHostAddress, subnetsInUse } from './subnet.ts';

test('two clusters start their search for a free subnet at different ones', () => {
  assert.notEqual(freeSubnet('one', new Set()), freeSubnet('two', new Set()));
});

test('a subnet that the machine has an address in or a route to is not taken', () => {
  const first = freeSubnet('one', new Set());
  const octet = Number(first.split('.')[2]);
  const taken = subnetsInUse(`4: hibone    inet 10.77.${octet}.1/24 scope global`, `10.77.${(octet + 1) % 256}.0/24 dev hibtwo`);
  assert.equal(freeSubnet('one', taken), `10.77.${(octet + 2) % 256}.0/24`);
});

test('when all subnets are taken the error names what to remove', () => {
  const all = new Set(Array.from({ length: 256 }, (_, octet) => octet));
  assert.throws(() => freeSubnet('one', all), {
    message: 'no 10.77.N.0/24 is free on this machine: remove clusters that are no longer needed',
  });
});

test('hosts get the first free address from .11 on', () => {
  assert.equal(nextHostAddress('10.77.3.0/24', []), '10.77.3.11');
  assert.equal(nextHostAddress('10.77.3.0/24', [{ address: '10.77.3.11' }, { address: '10.77.3.13' }]), '10.77.3.12');
});

test('names of interfaces fit, whatever the cluster is called', () => {
  for (const id of ['c1', 'a-very-long-name-of-a-cluster', 'Ünïcode']) assert.match(fabricNames(id).link, /^hib[a-z0-9]{1,6}$/);
  assert.equal(shortId('c1'), 'c1');
});
