/** A cluster in which nothing happens is not written to, however many deadlines it has; each deadline wakes it, and none too early. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { isInternal } from '../../functions/workers/cursor.ts';
import type { CronJob, Job } from '../../functions/kube/generated/types.ts';
import { nameOf } from '../../functions/kube/object.ts';
import { cronJobs, jobs, nodes } from '../../functions/kube/resource-type.ts';
import { type Cluster, createCluster, namespace, nodeNames } from '../support/cluster.ts';

const cronJobCount = 5_000;
const atOnce = 50;
const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
/** A run stays awake for what is due within a second. */
const awakeMs = 1_000;
const wakesWatched = 20;
const latestMs = 2_000;

/** Once a day, spread over the minutes of the day. */
const cronJob = (number: number): CronJob => ({
  metadata: { namespace, name: `daily-${number}` },
  spec: {
    schedule: `${number % 60} ${Math.floor(number / 60) % 24} * * *`,
    jobTemplate: {
      metadata: {},
      spec: { suspend: true, template: { metadata: {}, spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'i' }] } } },
    },
  },
});

describe(`a cluster with ${cronJobCount} CronJobs`, () => {
  let cluster: Cluster;
  before(async () => {
    cluster = await createCluster();
    // Without nodes there are no heartbeats to wait for.
    for (const name of nodeNames) await cluster.client.delete(nodes, { namespace: '', name });
    for (let number = 0; number < cronJobCount; number += atOnce)
      await Promise.all(Array.from({ length: atOnce }, (_, place) => cluster.client.create(cronJobs, cronJob(number + place))));
    await cluster.settle();
  });
  after(() => cluster.close());

  const revision = async (): Promise<number> => (await cluster.store.fresh()).revision;
  const deadlineMs = async (): Promise<number> => {
    const outcome = await cluster.settle();
    assert.equal(outcome.outcome, 'quiet');
    return outcome.outcome === 'quiet' ? (outcome.nextDeadlineMs ?? Infinity) : Infinity;
  };
  const madeJobs = async (): Promise<readonly Job[]> => (await cluster.client.list(jobs, { namespace })).items;

  test('writes nothing between its deadlines, and makes each Job in time but not before', async () => {
    const known = new Set((await madeJobs()).map(nameOf));
    for (let wake = 0; wake < wakesWatched; wake += 1) {
      const dueMs = await deadlineMs();
      const before = await revision();
      const asleepMs = dueMs - cluster.world.clock.now() - awakeMs - 1;
      if (asleepMs > 0) await cluster.world.advance(asleepMs);
      assert.equal(await deadlineMs(), dueMs, 'the plan stays as it is');
      assert.equal(await revision(), before, 'nothing was written while nothing was due');
      await cluster.world.advance(dueMs - cluster.world.clock.now());
      await cluster.settle();
      for (const job of await madeJobs()) {
        if (known.has(nameOf(job))) continue;
        known.add(nameOf(job));
        const lateMs =
          cluster.world.clock.now() - Date.parse(job.metadata.annotations?.['batch.kubernetes.io/cronjob-scheduled-timestamp'] ?? '');
        assert.ok(lateMs >= 0 && lateMs <= latestMs, `${nameOf(job)} was made ${lateMs} ms after its time`);
      }
    }
    assert.ok(known.size >= wakesWatched, `${known.size} Jobs were made`);
  });

  test('writes its plan no more often than it wakes', async () => {
    const from = await revision();
    const untilMs = cluster.world.clock.now() + hourMs / 2;
    let wakes = 0;
    for (let dueMs = await deadlineMs(); dueMs <= untilMs; dueMs = await deadlineMs(), wakes += 1)
      await cluster.world.advance(Math.max(0, dueMs - cluster.world.clock.now()));
    const changes = await cluster.store.changesAfter(from, 100_000);
    assert.ok(changes.filter(({ key }) => isInternal(key.resource)).length <= wakes + 1);
  });
});
