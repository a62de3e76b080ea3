/**
 * Workers that do each run in a process of its own, compared with workers that live on. Both must do the same, at
 * the same time. They wake only by what a cloud has: rings, the deadlines that they asked for, and the minute.
 */
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { openMeasuredCluster, type MeasuredClusterOptions } from '../../infra/cost/measured-cluster.ts';
import { nodeCount, stories, type Story, type Counts } from './stories.ts';

/** Rounding, deliveries, and what a process takes to know the state. */
const toleranceSeconds = 3;
/** What waits for a node may meet it sooner. */
const pollSeconds = 20;
/** Who is not woken in time is, at the latest, by the next minute; a message whose consumer was killed comes back after 65 seconds. */
const minuteSeconds = 62;
const redeliverySeconds = 2 * 66;

interface Hardship {
  readonly name: string;
  readonly options: MeasuredClusterOptions;
  readonly lateSeconds: number;
  readonly earlySeconds: number;
}

const hardships: readonly Hardship[] = [
  { name: 'from nothing each time', options: { coldWorkers: true }, lateSeconds: toleranceSeconds, earlySeconds: toleranceSeconds },
  {
    name: 'from nothing, and no deadline is delivered',
    options: { coldWorkers: true, loses: (queue) => queue === 'deadlines' },
    lateSeconds: minuteSeconds,
    earlySeconds: toleranceSeconds,
  },
  {
    name: 'from nothing, and each third run is killed',
    options: { coldWorkers: true, killEvery: 3 },
    lateSeconds: redeliverySeconds,
    earlySeconds: pollSeconds,
  },
];

async function resultOf(story: Story, options: MeasuredClusterOptions): Promise<Counts> {
  const cluster = await openMeasuredCluster(nodeCount, options);
  await cluster.pass(60_000);
  return story(cluster);
}

for (const [name, story] of Object.entries(stories)) {
  describe(name, () => {
    let expected: Counts = {};
    before(async () => {
      expected = await resultOf(story, {});
    });
    for (const { name: how, options, lateSeconds, earlySeconds } of hardships)
      test(how, async () => {
        const found = await resultOf(story, options);
        for (const [what, value] of Object.entries(expected)) {
          const late = (found[what] ?? Infinity) - value;
          assert.ok(late >= -earlySeconds && late <= lateSeconds, `${what}: ${found[what]} instead of ${value}`);
        }
      });
  });
}
