import assert from 'node:assert/strict';
import { simulate } from './simulation.ts';

/** Fails with the violated invariant and the history of the run. */
export async function assertKeepsPromises(seed: number): Promise<void> {
  const { violation } = await simulate({ seed });
  assert.equal(violation, undefined, `seed ${seed}: ${violation?.invariant}: ${violation?.what}\n${violation?.history.join('\n')}`);
}
