import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chainRemovals } from './remove-network.ts';

const place = { family: 'ip', table: 'nat' };

test('the chains of the CNI plugin go, with the rules that jump to them, and no other', () => {
  const words = chainRemovals([
    { chain: { ...place, name: 'PREROUTING' } },
    { chain: { ...place, name: 'CNI-HOSTPORT-DNAT' } },
    { chain: { ...place, name: 'CNI-DN-1' } },
    { rule: { ...place, chain: 'PREROUTING', handle: 7, expr: [{ jump: { target: 'CNI-HOSTPORT-DNAT' } }] } },
    { rule: { ...place, chain: 'PREROUTING', handle: 8, expr: [{ jump: { target: 'DOCKER' } }] } },
  ]);
  assert.equal(
    words,
    'delete rule ip nat PREROUTING handle 7\n' +
      'flush chain ip nat CNI-HOSTPORT-DNAT\nflush chain ip nat CNI-DN-1\n' +
      'delete chain ip nat CNI-HOSTPORT-DNAT\ndelete chain ip nat CNI-DN-1\n',
  );
});

test('a table without such chains is left alone', () => {
  assert.equal(chainRemovals([{ chain: { ...place, name: 'PREROUTING' } }]), '');
});
