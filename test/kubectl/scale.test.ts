/** A large Deployment on many simulated nodes, and what it costs. The figures are printed; the counts are asserted. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startCluster, type TestCluster } from '../support/cluster-process.ts';
import { rows } from '../support/table.ts';

const pods = 300;
const nodes = 20;

/** Samples of the Prometheus text format, by name; those with labels are summed. */
function sums(text: string): ReadonlyMap<string, number> {
  const totals = new Map<string, number>();
  for (const [, name = '', value = ''] of text.matchAll(/^([a-z_]+)(?:\{[^}]*\})? (\S+)$/gm))
    totals.set(name, (totals.get(name) ?? 0) + Number(value));
  return totals;
}

describe(`${pods} pods on ${nodes} simulated nodes`, () => {
  let cluster: TestCluster;

  before(async () => {
    cluster = await startCluster({ nodes, runtime: 'simulated' });
  });
  after(() => cluster?.remove());

  test('all pods become Available, are spread evenly, and cost few changes and entries of the log', async (context) => {
    const { kubectl } = cluster;
    const metrics = async (): Promise<ReadonlyMap<string, number>> => sums(await kubectl.ok('get', '--raw', '/metrics'));
    const before = await metrics();
    const start = performance.now();
    await kubectl.ok('create', 'deployment', 'big', '--image=nginx/nginx:v1', `--replicas=${pods}`);
    await kubectl.ok('rollout', 'status', 'deployment/big', '--timeout=240s');
    const seconds = (performance.now() - start) / 1000;
    const after = await metrics();
    const delta = (name: string): number => (after.get(name) ?? 0) - (before.get(name) ?? 0);

    const perNode = new Map<string, number>();
    for (const { NODE = '', STATUS } of rows(await kubectl.ok('get', 'pods', '-o', 'wide'))) {
      assert.equal(STATUS, 'Running');
      perNode.set(NODE, (perNode.get(NODE) ?? 0) + 1);
    }
    assert.deepEqual(
      [...perNode.values()],
      Array.from({ length: nodes }, () => pods / nodes),
    );

    const perPod = (name: string): string => (delta(name) / pods).toFixed(2);
    context.diagnostic(
      `${pods} pods Available in ${seconds.toFixed(1)} s; per pod: ${perPod('apiserver_request_total')} API calls, ` +
        `${perPod('hibernetes_store_log_entries_total')} log entries, ${perPod('hibernetes_store_changes_total')} changes, ${perPod('hibernetes_store_log_bytes_total')} bytes of log`,
    );
    // Created, bound, running: with the events about it, a pod is a handful of changes.
    assert.ok(delta('hibernetes_store_changes_total') / pods < 12, 'more than 12 changes a pod');
    assert.ok(delta('hibernetes_store_log_entries_total') / pods < 4, 'more than 4 log entries a pod');
  });
});
