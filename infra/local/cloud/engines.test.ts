import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { realWorld } from '../../../functions/world.ts';
import { startEngines } from './engines.ts';

const directory = mkdtempSync(join(tmpdir(), 'engines-'));
const children: ChildProcess[] = [];
after(() => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(directory, { recursive: true });
});

test('a relay that does not listen in time is ended', async () => {
  const world = realWorld('error');
  // All time is over at once.
  const clock = { ...world.clock, after: (_delayMs: number, callback: () => void) => world.clock.after(0, callback) };
  const starting = startEngines({ directory, world: { ...world, clock }, started: (child) => children.push(child) });
  await assert.rejects(starting, { message: 'the relay did not listen within 60 s' });
  const relay = children.at(-1) ?? assert.fail('no relay was started');
  if (relay.signalCode === null) await once(relay, 'exit');
  assert.equal(relay.signalCode, 'SIGKILL');
});
