import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Cluster } from '../../../test/support/cluster.ts';
import { assertSettled, assertSurvivesAnyFailure, createCluster, namespace } from '../../../test/support/cluster.ts';
import { copy } from '../../kube/copy.ts';
import type { CronJob, CronJobSpec, Job } from '../../kube/generated/types.ts';
import { nameOf } from '../../kube/object.ts';
import { cronJobs, jobs, pods } from '../../kube/resource-type.ts';
import { isPodFinished } from '../../kube/pod.ts';

const template = { metadata: {}, spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'sum:1' }] } };

const cronJob = (spec: Partial<CronJobSpec> = {}): CronJob => ({
  metadata: { namespace, name: 'tick' },
  spec: { schedule: '* * * * *', jobTemplate: { metadata: {}, spec: { template } }, ...spec },
});

const minuteMs = 60_000;

async function running(spec: Partial<CronJobSpec> = {}): Promise<Cluster> {
  const cluster = await createCluster();
  await cluster.client.create(cronJobs, cronJob(spec));
  await cluster.settle();
  return cluster;
}

const jobsOf = async (cluster: Cluster): Promise<readonly Job[]> => (await cluster.client.list(jobs, { namespace })).items;

async function endPods(cluster: Cluster, phase: string): Promise<void> {
  await cluster.runUntilStable();
  for (const pod of await cluster.pods()) {
    if (isPodFinished(pod)) continue;
    await cluster.client.update(pods, { ...copy(pod), status: { ...pod.status, phase, conditions: [] } }, 'status');
  }
  await cluster.runUntilStable();
}

describe('a CronJob', () => {
  test('a CronJob makes a Job at each time of its schedule, named after the minute', async () => {
    const cluster = await running();
    assert.deepEqual(await jobsOf(cluster), []);
    await cluster.advance(2 * minuteMs);
    const made = await jobsOf(cluster);
    assert.equal(made.length, 2);
    const minute = Math.floor(cluster.world.clock.now() / minuteMs);
    assert.deepEqual(made.map(nameOf), [`tick-${minute - 1}`, `tick-${minute}`]);
    const { status } = await cluster.get(cronJobs, 'tick');
    assert.deepEqual(
      status?.active?.map(({ name, kind, apiVersion }) => [name, kind, apiVersion]),
      made.map((job) => [nameOf(job), 'Job', 'batch/v1']),
    );
    assert.equal(status?.lastScheduleTime, `${new Date(minute * minuteMs).toISOString().slice(0, 19)}Z`);
    assert.equal(made[1]?.metadata.annotations?.['batch.kubernetes.io/cronjob-scheduled-timestamp'], status?.lastScheduleTime);
    await assertSettled(cluster);
  });

  test('a CronJob notes which Jobs ended, and keeps as many as its limits allow', async () => {
    const cluster = await running({ successfulJobsHistoryLimit: 2 });
    for (let run = 0; run < 4; run += 1) {
      await cluster.advance(minuteMs);
      await endPods(cluster, 'Succeeded');
    }
    assert.equal((await jobsOf(cluster)).length, 2);
    const { status } = await cluster.get(cronJobs, 'tick');
    assert.equal(status?.active, undefined);
    assert.ok(status?.lastSuccessfulTime);
    assert.equal(cluster.events.filter((event) => event.includes('SawCompletedJob')).length, 4);
  });

  test('a CronJob with Forbid starts no Job beside another', async () => {
    const cluster = await running({ concurrencyPolicy: 'Forbid' });
    await cluster.advance(3 * minuteMs);
    assert.equal((await jobsOf(cluster)).length, 1);
    const message = 'Normal JobAlreadyActive Not starting job because prior execution is running and concurrency policy is Forbid';
    assert.ok(cluster.events.includes(message));
  });

  test('a CronJob with Replace ends the Job that runs', async () => {
    const cluster = await running({ concurrencyPolicy: 'Replace' });
    await cluster.advance(3 * minuteMs);
    const left = await jobsOf(cluster);
    assert.equal(left.length, 1);
    assert.equal((await cluster.get(cronJobs, 'tick')).status?.active?.[0]?.name, nameOf(left[0]!));
  });

  test('a CronJob does nothing while suspended', async () => {
    const cluster = await running({ suspend: true });
    await cluster.advance(3 * minuteMs);
    assert.deepEqual(await jobsOf(cluster), []);
  });

  test('a CronJob starts one Job for all times that were missed, and none after the deadline', async () => {
    const cluster = await running({ suspend: true, schedule: '0 * * * *', startingDeadlineSeconds: 600 });
    const resume = async (): Promise<void> => {
      await cluster.edit<CronJob>(cronJobs, 'tick', ({ spec }) => {
        spec.suspend = false;
      });
      await cluster.settle();
    };
    const sinceHourMs = cluster.world.clock.now() % 3_600_000;
    await cluster.world.advance(3 * 3_600_000 - sinceHourMs + 20 * minuteMs);
    await resume();
    assert.deepEqual(await jobsOf(cluster), []);
    await cluster.edit<CronJob>(cronJobs, 'tick', ({ spec }) => {
      delete spec.startingDeadlineSeconds;
    });
    await cluster.settle();
    assert.equal((await jobsOf(cluster)).length, 1);
  });

  test('a CronJob whose schedule changes starts no Job for times that passed', async () => {
    const cluster = await running({ schedule: '0 0 1 1 *' });
    await cluster.world.advance(10 * minuteMs);
    await cluster.edit<CronJob>(cronJobs, 'tick', ({ spec }) => {
      spec.schedule = '* * * * *';
    });
    await cluster.settle();
    assert.deepEqual(await jobsOf(cluster), []);
    await cluster.advance(minuteMs);
    assert.equal((await jobsOf(cluster)).length, 1);
  });

  test('a CronJob whose schedule never comes gets an Event', async () => {
    const cluster = await running({ schedule: '0 0 31 2 *' });
    const why = 'time difference between two schedules is less than 1 second';
    assert.deepEqual(cluster.events, [`Warning InvalidSchedule invalid schedule: 0 0 31 2 * : ${why}`]);
  });

  test('a CronJob comes to the same end when any one call fails', async () => {
    await assertSurvivesAnyFailure(
      async (cluster) => {
        await cluster.client.create(cronJobs, cronJob());
        await cluster.advance(minuteMs);
        await endPods(cluster, 'Failed');
      },
      async (cluster) => ((await cluster.get(cronJobs, 'tick')).status?.active ?? []).length,
    );
  });
});

describe('a Job with ttlSecondsAfterFinished', () => {
  test('a Job with ttlSecondsAfterFinished goes that long after it ended, and its pods with it', async () => {
    const cluster = await createCluster();
    await cluster.client.create(jobs, { metadata: { namespace, name: 'sum' }, spec: { template, ttlSecondsAfterFinished: 30 } });
    await cluster.advance(minuteMs);
    await endPods(cluster, 'Succeeded');
    await cluster.advance(28_000);
    assert.equal((await jobsOf(cluster)).length, 1);
    await cluster.advance(2_000);
    await cluster.runUntilStable();
    assert.deepEqual([await jobsOf(cluster), await cluster.pods()], [[], []]);
  });
});
