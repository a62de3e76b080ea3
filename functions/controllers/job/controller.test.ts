import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Cluster } from '../../../test/support/cluster.ts';
import { assertSettled, assertSurvivesAnyFailure, createCluster, namespace } from '../../../test/support/cluster.ts';
import { copy } from '../../kube/copy.ts';
import type { Job, JobSpec, JobStatus, Pod, PodSpec } from '../../kube/generated/types.ts';
import { nameOf } from '../../kube/object.ts';
import { isPodActive } from '../../kube/pod.ts';
import { jobs, pods } from '../../kube/resource-type.ts';
import { timestamp } from '../../kube/time.ts';

const podSpec: PodSpec = { restartPolicy: 'Never', containers: [{ name: 'main', image: 'sum:1' }] };

const job = (spec: Partial<JobSpec> = {}, pod: Partial<PodSpec> = {}): Job => ({
  metadata: { namespace, name: 'sum' },
  spec: { template: { metadata: {}, spec: { ...podSpec, ...pod } }, ...spec },
});

async function running(spec: Partial<JobSpec> = {}, pod: Partial<PodSpec> = {}): Promise<Cluster> {
  const cluster = await createCluster();
  await cluster.client.create(jobs, job(spec, pod));
  await cluster.runUntilStable();
  return cluster;
}

const activePods = async (cluster: Cluster): Promise<Pod[]> => (await cluster.pods()).filter(isPodActive);

async function end(cluster: Cluster, pod: Pod | undefined, exitCode: number): Promise<void> {
  assert.ok(pod);
  const finishedAt = timestamp(cluster.world.clock.now());
  const terminated = { exitCode, finishedAt };
  const main = { name: 'main', image: 'sum:1', imageID: '', ready: false, restartCount: 0, state: { terminated } };
  const status = { ...pod.status, phase: exitCode === 0 ? 'Succeeded' : 'Failed', containerStatuses: [main], conditions: [] };
  await cluster.client.update(pods, { ...copy(await cluster.get(pods, nameOf(pod))), status }, 'status');
}

async function endAll(cluster: Cluster, exitCode: number): Promise<void> {
  for (const pod of await activePods(cluster)) await end(cluster, pod, exitCode);
  await cluster.runUntilStable();
}

const statusOf = async (cluster: Cluster): Promise<JobStatus> => (await cluster.get(jobs, 'sum')).status ?? {};

const conditionsOf = async (cluster: Cluster): Promise<string[]> =>
  ((await statusOf(cluster)).conditions ?? []).map(({ type, status, reason, message }) => `${type}=${status} ${reason}: ${message}`);

const counts = async (cluster: Cluster): Promise<unknown> => {
  const { active = 0, succeeded = 0, failed = 0, terminating = 0, uncountedTerminatedPods } = await statusOf(cluster);
  return { active, succeeded, failed, terminating, uncounted: uncountedTerminatedPods };
};

const indexesOf = (list: readonly Pod[]): string[] =>
  list.map((pod) => pod.metadata.annotations?.['batch.kubernetes.io/job-completion-index'] ?? '').sort();

describe('a Job', () => {
  test('a Job runs one pod with the tracking finalizer, and counts what runs', async () => {
    const cluster = await running();
    const [pod] = await cluster.pods();
    assert.deepEqual(pod?.metadata.finalizers, ['batch.kubernetes.io/job-tracking']);
    const { startTime, ...status } = await statusOf(cluster);
    assert.ok(startTime);
    assert.deepEqual(status, { active: 1, ready: 1, terminating: 0, uncountedTerminatedPods: {} });
    await assertSettled(cluster);
  });

  test('a Job is complete once its pods succeeded, and gets an Event', async () => {
    const cluster = await running({ completions: 3, parallelism: 2 });
    assert.equal((await activePods(cluster)).length, 2);
    await endAll(cluster, 0);
    assert.equal((await activePods(cluster)).length, 1);
    await endAll(cluster, 0);
    const status = await statusOf(cluster);
    assert.deepEqual(await conditionsOf(cluster), [
      'SuccessCriteriaMet=True CompletionsReached: Reached expected number of succeeded pods',
      'Complete=True CompletionsReached: Reached expected number of succeeded pods',
    ]);
    assert.ok(status.completionTime);
    assert.deepEqual(await counts(cluster), { active: 0, succeeded: 3, failed: 0, terminating: 0, uncounted: {} });
    assert.deepEqual(
      (await cluster.pods()).map(({ metadata }) => metadata.finalizers),
      [undefined, undefined, undefined],
    );
    assert.equal(cluster.events.at(-1), 'Normal Completed Job completed');
    await assertSettled(cluster);
  });

  test('a Job without completions is complete once one pod succeeded and no other runs', async () => {
    const cluster = await running({ parallelism: 2 });
    const [first] = await activePods(cluster);
    await end(cluster, first, 0);
    await cluster.runUntilStable();
    assert.deepEqual(await counts(cluster), { active: 1, succeeded: 1, failed: 0, terminating: 0, uncounted: {} });
    await endAll(cluster, 0);
    assert.equal((await conditionsOf(cluster)).length, 2);
  });

  test('a Job waits longer before each replacement of a failed pod, and fails at its limit', async () => {
    const cluster = await running({ backoffLimit: 2 });
    await endAll(cluster, 1);
    assert.equal((await activePods(cluster)).length, 0);
    await cluster.advance(8_000);
    assert.equal((await activePods(cluster)).length, 0);
    await cluster.advance(2_000);
    assert.equal((await activePods(cluster)).length, 1);
    await cluster.runUntilStable();
    await endAll(cluster, 1);
    await cluster.advance(18_000);
    assert.equal((await activePods(cluster)).length, 0);
    await cluster.advance(2_000);
    await cluster.runUntilStable();
    await endAll(cluster, 1);
    assert.deepEqual(await conditionsOf(cluster), [
      'FailureTarget=True BackoffLimitExceeded: Job has reached the specified backoff limit',
      'Failed=True BackoffLimitExceeded: Job has reached the specified backoff limit',
    ]);
    assert.equal(cluster.events.at(-1), 'Warning BackoffLimitExceeded Job has reached the specified backoff limit');
    assert.deepEqual(await counts(cluster), { active: 0, succeeded: 0, failed: 3, terminating: 0, uncounted: {} });
    await assertSettled(cluster);
  });

  test('a Job counts a deleted pod as failed, and replaces it after the back-off', async () => {
    const cluster = await running();
    const [pod] = await activePods(cluster);
    assert.ok(pod);
    await cluster.client.delete(pods, { namespace, name: nameOf(pod) });
    await cluster.runUntilStable();
    assert.deepEqual(await counts(cluster), { active: 0, succeeded: 0, failed: 1, terminating: 0, uncounted: {} });
    assert.deepEqual(await cluster.pods(), []);
    await cluster.advance(10_000);
    assert.equal((await activePods(cluster)).length, 1);
  });

  test('a Job with podReplacementPolicy Failed replaces a deleted pod once it is gone', async () => {
    const cluster = await running({ podReplacementPolicy: 'Failed' });
    const [pod] = await activePods(cluster);
    assert.ok(pod);
    await cluster.client.delete(pods, { namespace, name: nameOf(pod) });
    await cluster.advance(60_000);
    assert.deepEqual(await counts(cluster), { active: 0, succeeded: 0, failed: 0, terminating: 1, uncounted: {} });
    await end(cluster, pod, 137);
    await cluster.runUntilStable();
    await cluster.advance(60_000);
    assert.deepEqual(await counts(cluster), { active: 1, succeeded: 0, failed: 1, terminating: 0, uncounted: {} });
  });

  test('a Job fails at its deadline, and takes its pods along', async () => {
    const cluster = await running({ activeDeadlineSeconds: 60, parallelism: 2, completions: 2 });
    await cluster.advance(58_000);
    assert.equal((await activePods(cluster)).length, 2);
    await cluster.advance(2_000);
    await cluster.runUntilStable();
    assert.deepEqual(await conditionsOf(cluster), [
      'FailureTarget=True DeadlineExceeded: Job was active longer than specified deadline',
      'Failed=True DeadlineExceeded: Job was active longer than specified deadline',
    ]);
    assert.deepEqual(await counts(cluster), { active: 0, succeeded: 0, failed: 2, terminating: 0, uncounted: {} });
    assert.deepEqual(await cluster.pods(), []);
  });

  test('a Job runs nothing while suspended, and starts anew afterwards', async () => {
    const cluster = await running({ suspend: true });
    assert.deepEqual(await cluster.pods(), []);
    assert.deepEqual(await conditionsOf(cluster), ['Suspended=True JobSuspended: Job suspended']);
    assert.equal((await statusOf(cluster)).startTime, undefined);
    await cluster.edit<Job>(jobs, 'sum', ({ spec }) => {
      spec.suspend = false;
    });
    await cluster.runUntilStable();
    assert.deepEqual(await conditionsOf(cluster), ['Suspended=False JobResumed: Job resumed']);
    assert.equal((await activePods(cluster)).length, 1);
    await cluster.edit<Job>(jobs, 'sum', ({ spec }) => {
      spec.suspend = true;
    });
    await cluster.runUntilStable();
    assert.deepEqual(await counts(cluster), { active: 0, succeeded: 0, failed: 0, terminating: 0, uncounted: {} });
    assert.deepEqual(cluster.events.filter((event) => /Suspended|Resumed/.test(event)).length, 3);
    await assertSettled(cluster);
  });

  test('a Job that another controller manages is left alone', async () => {
    const cluster = await running({ managedBy: 'example.com/queue' });
    assert.deepEqual(await cluster.pods(), []);
    assert.deepEqual(await statusOf(cluster), {});
  });

  test('a Job is scaled by its parallelism, without counting what it gives up', async () => {
    const cluster = await running({ parallelism: 4, completions: 10 });
    await cluster.edit<Job>(jobs, 'sum', ({ spec }) => {
      spec.parallelism = 1;
    });
    await cluster.runUntilStable();
    assert.deepEqual(await counts(cluster), { active: 1, succeeded: 0, failed: 0, terminating: 0, uncounted: {} });
  });

  test('a Job gives up when containers were restarted more often than its limit allows', async () => {
    const cluster = await running({ backoffLimit: 1 }, { restartPolicy: 'OnFailure' });
    const [pod] = await activePods(cluster);
    assert.ok(pod);
    const main = { name: 'main', image: 'sum:1', imageID: '', ready: true, restartCount: 1, state: {} };
    await cluster.client.update(pods, { ...copy(pod), status: { ...pod.status, containerStatuses: [main] } }, 'status');
    await cluster.runUntilStable();
    assert.equal((await conditionsOf(cluster))[0], 'FailureTarget=True BackoffLimitExceeded: Job has reached the specified backoff limit');
    assert.deepEqual(await cluster.pods(), []);
  });

  test('a Job leaves its pods without the finalizer when it is deleted and they stay', async () => {
    const cluster = await running({ parallelism: 2, completions: 2 });
    await cluster.client.delete(jobs, { namespace, name: 'sum' }, { propagationPolicy: 'Orphan' });
    await cluster.runUntilStable();
    const left = await cluster.pods();
    assert.deepEqual(
      left.map(({ metadata }) => [metadata.finalizers, metadata.ownerReferences]),
      [
        [undefined, undefined],
        [undefined, undefined],
      ],
    );
  });

  test('a Job takes its pods along when it is deleted in the background', async () => {
    const cluster = await running({ parallelism: 2, completions: 2 });
    await cluster.client.delete(jobs, { namespace, name: 'sum' }, { propagationPolicy: 'Background' });
    await cluster.runUntilStable();
    assert.deepEqual(await cluster.pods(), []);
  });

  test('a Job adopts a pod that its selector matches, with the finalizer', async () => {
    const cluster = await createCluster();
    const labels = { app: 'sum' };
    await cluster.client.create(pods, { metadata: { namespace, name: 'stray', labels }, spec: podSpec });
    const selector = { matchLabels: labels };
    await cluster.client.create(jobs, job({ manualSelector: true, selector, template: { metadata: { labels }, spec: podSpec } }));
    await cluster.runUntilStable();
    assert.equal((await cluster.pods()).length, 1);
    assert.deepEqual((await cluster.get(pods, 'stray')).metadata.finalizers, ['batch.kubernetes.io/job-tracking']);
  });

  test('a Job comes to the same counts when any one call fails', async () => {
    await assertSurvivesAnyFailure(
      async (cluster) => {
        await cluster.client.create(jobs, job({ completions: 2, parallelism: 2 }));
        await cluster.runUntilStable();
        const [first, second] = await activePods(cluster);
        await end(cluster, first, 0);
        await end(cluster, second, 1);
        await cluster.runUntilStable();
        await cluster.advance(10_000);
        await cluster.runUntilStable();
        await endAll(cluster, 0);
      },
      async (cluster) => ({ counts: await counts(cluster), conditions: await conditionsOf(cluster) }),
    );
  });
});

describe('an indexed Job', () => {
  const indexed = { completionMode: 'Indexed', completions: 4, parallelism: 4 };

  test('an indexed Job runs a pod for each index, which knows its own', async () => {
    const cluster = await running(indexed);
    const list = await activePods(cluster);
    assert.deepEqual(indexesOf(list), ['0', '1', '2', '3']);
    const third = list.find(({ spec }) => spec?.hostname === 'sum-2');
    assert.match(nameOf(third!), /^sum-2-[a-z0-9]{5}$/);
    assert.equal(third?.metadata.labels?.['batch.kubernetes.io/job-completion-index'], '2');
    const fieldPath = "metadata.labels['batch.kubernetes.io/job-completion-index']";
    assert.deepEqual(third?.spec?.containers[0]?.env, [
      { name: 'JOB_COMPLETION_INDEX', valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath } } },
    ]);
  });

  test('an indexed Job lists the indexes that are done, and replaces the pod of one that failed', async () => {
    const cluster = await running(indexed);
    for (const pod of await activePods(cluster)) await end(cluster, pod, pod.spec?.hostname === 'sum-1' ? 1 : 0);
    await cluster.runUntilStable();
    assert.equal((await statusOf(cluster)).completedIndexes, '0,2,3');
    await cluster.advance(10_000);
    assert.deepEqual(indexesOf(await activePods(cluster)), ['1']);
    await cluster.runUntilStable();
    await endAll(cluster, 0);
    assert.equal((await statusOf(cluster)).completedIndexes, '0-3');
    assert.deepEqual(await counts(cluster), { active: 0, succeeded: 4, failed: 1, terminating: 0, uncounted: {} });
  });

  test('an indexed Job counts failures of each index, and fails once every index is done', async () => {
    const cluster = await running({ ...indexed, completions: 2, backoffLimitPerIndex: 1 });
    const failFirst = async (): Promise<void> => {
      for (const pod of await activePods(cluster)) if (pod.spec?.hostname === 'sum-0') await end(cluster, pod, 1);
      await cluster.runUntilStable();
    };
    await failFirst();
    await cluster.advance(10_000);
    await cluster.runUntilStable();
    const replacement = (await activePods(cluster)).find(({ spec }) => spec?.hostname === 'sum-0');
    assert.equal(replacement?.metadata.annotations?.['batch.kubernetes.io/job-index-failure-count'], '1');
    await failFirst();
    assert.equal((await statusOf(cluster)).failedIndexes, '0');
    await endAll(cluster, 0);
    assert.equal((await conditionsOf(cluster)).at(-1), 'Failed=True FailedIndexes: Job has failed indexes');
    assert.deepEqual(await counts(cluster), { active: 0, succeeded: 1, failed: 2, terminating: 0, uncounted: {} });
  });

  test('an indexed Job fails when more indexes failed than it allows', async () => {
    const cluster = await running({ ...indexed, backoffLimitPerIndex: 0, maxFailedIndexes: 1 });
    const [first, second] = await activePods(cluster);
    await end(cluster, first, 1);
    await cluster.runUntilStable();
    assert.deepEqual(await conditionsOf(cluster), []);
    await end(cluster, second, 1);
    await cluster.runUntilStable();
    assert.equal(
      (await conditionsOf(cluster)).at(-1),
      'Failed=True MaxFailedIndexesExceeded: Job has exceeded the specified maximal number of failed indexes',
    );
  });

  test('an indexed Job succeeds by its policy, and ends the pods that are left', async () => {
    const cluster = await running({ ...indexed, successPolicy: { rules: [{ succeededIndexes: '0,2', succeededCount: 1 }] } });
    for (const pod of await activePods(cluster)) if (pod.spec?.hostname === 'sum-2') await end(cluster, pod, 0);
    await cluster.runUntilStable();
    assert.deepEqual(await conditionsOf(cluster), [
      'SuccessCriteriaMet=True SuccessPolicy: Matched rules at index 0',
      'Complete=True SuccessPolicy: Matched rules at index 0',
    ]);
    assert.deepEqual(await counts(cluster), { active: 0, succeeded: 1, failed: 0, terminating: 0, uncounted: {} });
  });
});

describe('a podFailurePolicy', () => {
  const rule = (action: string, values: number[]): NonNullable<JobSpec['podFailurePolicy']> => ({
    rules: [{ action, onExitCodes: { operator: 'In', values } }],
  });

  test('a podFailurePolicy fails the Job at once', async () => {
    const cluster = await running({ podFailurePolicy: rule('FailJob', [42]) });
    const [pod] = await activePods(cluster);
    await endAll(cluster, 42);
    const why = `Container main for pod default/${nameOf(pod!)} failed with exit code 42 matching FailJob rule at index 0`;
    assert.deepEqual(await conditionsOf(cluster), [`FailureTarget=True PodFailurePolicy: ${why}`, `Failed=True PodFailurePolicy: ${why}`]);
  });

  test('a podFailurePolicy leaves failures uncounted that it ignores', async () => {
    const cluster = await running({ backoffLimit: 0, podFailurePolicy: rule('Ignore', [7]) });
    await endAll(cluster, 7);
    assert.deepEqual(await counts(cluster), { active: 0, succeeded: 0, failed: 0, terminating: 0, uncounted: {} });
    await cluster.advance(10_000);
    assert.equal((await activePods(cluster)).length, 1);
  });

  test('a podFailurePolicy fails an index at once', async () => {
    const policy = { completionMode: 'Indexed', completions: 2, parallelism: 2, backoffLimitPerIndex: 5 };
    const cluster = await running({ ...policy, podFailurePolicy: rule('FailIndex', [3]) });
    const [first] = await activePods(cluster);
    await end(cluster, first, 3);
    await cluster.runUntilStable();
    assert.equal((await statusOf(cluster)).failedIndexes, '0');
  });
});
