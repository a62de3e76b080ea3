import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StoreError } from '../../functions/store/store.ts';
import { type History, playHistory, retention, shown } from './history.ts';

const minuteMs = 60_000;
/** One in so many moments of a history is read. */
const sampled = 5;

/** Each moment that the archive shows was a moment of the store. Its age decides which moments are kept. */
async function check(history: History, seed: number): Promise<number> {
  const { truths, world } = history;
  const nowMs = world.clock.now();
  let seen = 0;
  for (const [index, truth] of truths.entries()) {
    if (index % sampled !== seed % sampled) continue;
    const wanted = truths.findLast(({ timeMs }) => timeMs <= truth.timeMs) ?? truth;
    const snapshot = await history.at(truth.timeMs).catch((error: unknown) => {
      assert.ok(error instanceof StoreError && error.code === 'compacted', `seed ${seed}: ${String(error)}`);
      assert.ok(nowMs - truth.timeMs > retention.keptMs / 2, `seed ${seed}: ${error.message}`);
    });
    if (snapshot === undefined) continue;
    seen += 1;
    const shownTruth = truths.findLast(({ revision }) => revision <= snapshot.revision);
    assert.deepEqual(shown(snapshot), shownTruth?.objects ?? {}, `seed ${seed}, revision ${snapshot.revision}`);
    const lateMs = wanted.timeMs - Math.max(snapshot.place.timeMs, truths[0]?.timeMs ?? 0);
    const ageMs = nowMs - truth.timeMs;
    if (ageMs < 29 * minuteMs) assert.equal(snapshot.revision, wanted.revision, `seed ${seed}: every revision is kept`);
    else assert.ok(lateMs < 12 * minuteMs, `seed ${seed}: ${lateMs} ms before revision ${wanted.revision}`);
  }
  return seen;
}

/** The variable HISTORIES asks for more. */
const histories = Number(process.env['HISTORIES'] ?? 3);

test('every past that an archive shows is what was committed then, though its writers fail', async () => {
  const counts = { seen: 0, minutes: 0, hours: 0 };
  for (let seed = 1; seed <= histories; seed += 1) {
    const history = await playHistory(seed, 500);
    counts.seen += await check(history, seed);
    counts.minutes += (await history.catalog.runs('minutes')).length;
    counts.hours += (await history.catalog.runs('hours')).length;
  }
  assert.ok(counts.seen > 60 * histories && counts.minutes > histories && counts.hours > 0, JSON.stringify(counts));
});
