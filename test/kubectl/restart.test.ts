/** A cluster that is stopped and started again is as it was, and stops without a word of complaint. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { startCluster, type TestCluster } from '../support/cluster-process.ts';
import { eventually } from '../support/eventually.ts';
import { rows } from '../support/table.ts';

const replicas = 8;

describe('a cluster that is stopped and started again', () => {
  let cluster: TestCluster;

  before(async () => {
    cluster = await startCluster({ nodes: 2, runtime: 'simulated' });
  });
  after(() => cluster?.remove());

  test('ends in order', async () => {
    const { kubectl } = cluster;
    await kubectl.ok('create', 'deployment', 'web', '--image=nginx/nginx:v1', `--replicas=${replicas}`);
    await kubectl.ok('rollout', 'status', 'deployment/web', '--timeout=240s');
    await cluster.hibernetes('down');
    assert.doesNotMatch(readFileSync(join(cluster.directory, 'control-plane.log'), 'utf8'), /Unhandled|ERR_/);
  });

  test('finds its pods again, all of them ready', async () => {
    const { kubectl } = cluster;
    await cluster.up();
    const condition = '{.status.conditions[?(@.type=="Ready")].status}';
    await eventually(async () => {
      assert.equal(rows(await kubectl.ok('get', 'deploy', 'web'))[0]?.READY, `${replicas}/${replicas}`);
      assert.equal(await kubectl.ok('get', 'pods', '-o', `jsonpath={range .items[*]}${condition} {end}`), 'True '.repeat(replicas));
    });
  });
});
