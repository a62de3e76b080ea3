import assert from 'node:assert/strict';
import { Socket } from 'node:net';
import { test } from 'node:test';
import { createPacing, waitingMax } from './paced-connections.ts';

function socketFrom(address: string): Socket {
  return Object.defineProperty(new Socket(), 'remoteAddress', { value: address });
}

/** A pacing whose turns are counted. */
function paced() {
  const turns: (() => void)[] = [];
  const begun: string[] = [];
  const pacing = createPacing((callback) => void turns.push(callback));
  return {
    begun,
    add(address: string): Socket {
      const socket = socketFrom(address);
      pacing.add(socket, () => void begun.push(address));
      return socket;
    },
    turn: () => turns.shift()?.(),
  };
}

test('of many connections that come at once one begins in a turn', () => {
  const { add, turn, begun } = paced();
  for (let index = 0; index < 300; index += 1) add('10.0.0.1');
  assert.equal(begun.length, 0);
  for (let turns = 1; turns <= 300; turns += 1) {
    turn();
    assert.equal(begun.length, turns);
  }
  assert.equal(turn(), undefined);
});

test('one from another address waits for one of a crowd, and not for all', () => {
  const { add, turn, begun } = paced();
  for (let index = 0; index < 300; index += 1) add('10.0.0.1');
  add('10.0.0.2');
  for (let turns = 0; turns < 2; turns += 1) turn();
  assert.deepEqual(begun, ['10.0.0.1', '10.0.0.2']);
});

test('what left meanwhile does not begin, and what finds no room is closed', () => {
  const { add, turn, begun } = paced();
  add('10.0.0.1').destroy();
  add('10.0.0.1');
  turn();
  assert.deepEqual(begun, []);
  turn();
  assert.deepEqual(begun, ['10.0.0.1']);
  const crowd = Array.from({ length: waitingMax + 1 }, () => add('10.0.0.1'));
  assert.deepEqual(crowd.map(({ destroyed }) => destroyed).filter((isClosed) => isClosed).length, 1);
});
