/** Two clusters side by side behind one endpoint, as stock kubectl sees them: each complete, neither aware of the other. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import { sharedTable, tableAccess } from '../../infra/local/cloud/shared-table.ts';
import { dataDirectory } from '../../infra/local/data-directory.ts';
import type { SimulatedNodes } from '../../infra/local/simulated-nodes.ts';
import { startCluster, type TestCluster } from '../support/cluster-process.ts';
import { eventually } from '../support/eventually.ts';
import { kubectlFor, type Kubectl, isNewWording } from '../support/kubectl.ts';
import { listed, secondCluster, type SecondCluster } from '../support/second-cluster.ts';

const claimsOf = (token: string): { iss: string } =>
  JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as { iss: string };

describe('two clusters of one cloud', () => {
  let cloud: TestCluster;
  let blue: SecondCluster;
  let nodes: SimulatedNodes | undefined;
  let onBlue: Kubectl;
  let onDefault: Kubectl;

  before(async () => {
    cloud = await startCluster({ nodes: 1, runtime: 'simulated', cloud: 'local' });
    onDefault = cloud.kubectl;
  });
  after(async () => {
    await nodes?.stop();
    blue?.close();
    await cloud?.remove();
  });

  /** The first parts of all keys of the table: whose they are. */
  async function owners(): Promise<ReadonlyMap<string, number>> {
    const { tableName, access } = tableAccess(sharedTable(dataDirectory(cloud.directory))!);
    const client = new DynamoDBClient(access);
    const counts = new Map<string, number>();
    let from: Record<string, never> | undefined;
    do {
      const page = await client.send(new ScanCommand({ TableName: tableName, ExclusiveStartKey: from, ProjectionExpression: 'pk' }));
      for (const { pk } of page.Items ?? []) {
        const owner = pk!.S!.split('#')[0]!;
        counts.set(owner, (counts.get(owner) ?? 0) + 1);
      }
      from = page.LastEvaluatedKey as typeof from;
    } while (from !== undefined);
    client.destroy();
    return counts;
  }

  test('the second one is made by a command, and listed', async () => {
    const printed = await cloud.hibernetes('create', 'cluster', 'blue');
    const file = join(cloud.directory, 'clusters/blue.kubeconfig');
    assert.ok(printed.endsWith(`\nexport KUBECONFIG=${file}\n`), printed);
    assert.match(
      await cloud.hibernetes('list', 'clusters'),
      /^NAME +API\ndefault +https:\/\/127[^ ]+\nblue +https:\/\/127[^ ]+\/clusters\/blue\n$/,
    );
    onBlue = kubectlFor(file, join(cloud.directory, 'blue-cache'));
    blue = await secondCluster(cloud.directory, 'blue');
    nodes = await blue.startNodes('blue-node');
    await onBlue.ok('wait', '--for=condition=Ready', 'node/blue-node', '--timeout=240s');
  });

  test('each runs its own apps on its own nodes', async () => {
    await Promise.all(
      [onDefault, onBlue].map((kubectl) => kubectl.ok('create', 'deployment', 'web', '--image=nginx/nginx:v1', '--replicas=2')),
    );
    await onBlue.ok('create', 'deployment', 'only-blue', '--image=nginx/nginx:v1');
    for (const kubectl of [onDefault, onBlue]) await kubectl.ok('rollout', 'status', 'deployment/web', '--timeout=240s');
    await onBlue.ok('rollout', 'status', 'deployment/only-blue', '--timeout=240s');
    const nodesOf = async (kubectl: Kubectl): Promise<string[]> =>
      (await kubectl.ok('get', 'pods', '-o', 'jsonpath={range .items[*]}{.spec.nodeName}{"\\n"}{end}')).trim().split('\n');
    assert.deepEqual(await nodesOf(onDefault), ['node-1', 'node-1']);
    assert.deepEqual(await nodesOf(onBlue), ['blue-node', 'blue-node', 'blue-node']);
  });

  test('kubectl finds everything below the path: discovery, explain, logs, a watch, a patch, an edit of scale', async () => {
    assert.match(await onBlue.ok('api-resources'), /^deployments +deploy +apps\/v1 +true +Deployment$/m);
    assert.match(await onBlue.ok('explain', 'deployment.spec.replicas'), /FIELD: replicas <integer>/);
    assert.match(await onBlue.ok('logs', 'deployment/only-blue'), /is simulated\n$/);
    const watching = onBlue.start(['get', 'deployments', '--watch', '-o', 'name']);
    await eventually(() => assert.match(watching.output(), /deployment.apps\/web/));
    await onBlue.ok('create', 'deployment', 'later', '--image=nginx/nginx:v1', '--replicas=0');
    await eventually(() => assert.match(watching.output(), /deployment.apps\/later/));
    await watching.stop();
    await onBlue.ok('scale', 'deployment/web', '--replicas=1');
    await onBlue.ok('set', 'image', 'deployment/web', 'nginx=nginx/nginx:v2');
    await onBlue.ok('rollout', 'status', 'deployment/web', '--timeout=240s');
    const { stderr } = await onBlue.run(['exec', 'deployment/web', '--', 'ls']);
    assert.match(stderr, /exec is not supported: the pod runs on a simulated node/);
    // Since 1.34 kubectl puts the server's path in front of a raw one.
    assert.equal(await onBlue.ok('get', '--raw', isNewWording() ? '/livez' : '/clusters/blue/livez'), 'ok');
  });

  test('status shows both clusters, and token create prints how a machine joins the second one', async () => {
    assert.match(
      await cloud.hibernetes('status'),
      /\ncluster +blue, https:[^ ]+\/clusters\/blue\nAPI +healthy\nnodes +1 of 1 Ready\n +blue-node: Ready\npods +\d Running/,
    );
    const file = join(cloud.directory, 'clusters/blue.kubeconfig');
    assert.equal(await cloud.hibernetes('kubeconfig', '--cluster', 'blue'), readFileSync(file, 'utf8'));
    const command = await cloud.hibernetes('token', 'create', '--kubeconfig', file);
    const [, server, token] = /^hibernetes join (https:[^ ]+\/clusters\/blue) --token ([^ ]+) /.exec(command) ?? [];
    assert.equal(
      (await blue.fetch(`${new URL(server!).pathname}/apis/agent.hibernetes.dev/v1/nodes/joined/token`, token, 'POST')).status,
      201,
    );
    assert.equal((await blue.fetch('/apis/agent.hibernetes.dev/v1/nodes/joined/token', token, 'POST')).status, 401);
    await onBlue.ok('delete', 'node', 'joined');
  });

  test('names and secrets of one are unknown to the other', async () => {
    await onBlue.ok('create', 'namespace', 'shop');
    await onBlue.ok('-n', 'shop', 'create', 'secret', 'generic', 'hidden', '--from-literal=key=blue');
    await onDefault.ok('create', 'namespace', 'shop');
    const { stderr } = await onDefault.run(['-n', 'shop', 'get', 'secret', 'hidden']);
    assert.match(stderr, /secrets "hidden" not found/);
    assert.equal(await onDefault.ok('-n', 'shop', 'get', 'secrets', '-o', 'name'), '');
  });

  test('no credential of one is good for the other', async () => {
    const [ofDefault, ofBlue] = await Promise.all(
      [onDefault, onBlue].map(async (kubectl) => (await kubectl.ok('create', 'token', 'default')).trim()),
    );
    assert.equal(claimsOf(ofDefault!).iss, 'https://kubernetes.default.svc.cluster.local');
    assert.equal(claimsOf(ofBlue!).iss, 'https://kubernetes.default.svc.cluster.local/clusters/blue');
    const node = await blue.nodeToken('blue-other');
    const codeOf = async (path: string, token: string): Promise<number> => (await blue.fetch(path, token)).status;
    for (const token of [ofBlue!, node, blue.adminToken]) {
      assert.notEqual(await codeOf('/clusters/blue/version', token), 401);
      assert.equal(await codeOf('/clusters/default/api/v1/nodes', token), 401);
    }
    assert.equal(await codeOf('/clusters/blue/api/v1/nodes', ofDefault!), 401);
    assert.equal(await codeOf('/api/v1/nodes', blue.adminToken), 401);
    await onBlue.ok('delete', 'node', 'blue-other');
  });

  test('a pod’s token finds its cluster though the path names none', async () => {
    const token = (await onBlue.ok('create', 'token', 'default')).trim();
    await onBlue.ok('create', 'clusterrolebinding', 'readers', '--clusterrole=view', '--serviceaccount=default:default');
    const response = await blue.fetch('/apis/apps/v1/namespaces/default/deployments/only-blue', token);
    assert.equal(response.status, 200, await response.clone().text());
    const forged = `${token.split('.').slice(0, 2).join('.')}.${Buffer.alloc(64).toString('base64url')}`;
    assert.equal((await blue.fetch('/api/v1/pods', forged)).status, 401);
  });

  test('a cluster that is not there answers as one that does not know the caller', async () => {
    const response = await blue.fetch('/clusters/green/api/v1/pods', blue.adminToken);
    const { message, reason, code } = (await response.json()) as { message: string; reason: string; code: number };
    assert.deepEqual([message, reason, code], ['Unauthorized', 'Unauthorized', 401]);
  });

  test('delete removes all that begins with its id and nothing else; the name is free for a new, empty one', async () => {
    await assert.rejects(cloud.hibernetes('delete', 'cluster', 'blue', '--yes'), /Machines are nodes of blue: blue-node\./);
    await nodes?.stop();
    nodes = undefined;
    await onBlue.ok('delete', 'node', 'blue-node');
    const earlier = await owners();
    assert.ok((earlier.get(blue.id) ?? 0) > 10);
    assert.match(await cloud.hibernetes('delete', 'cluster', 'blue', '--yes'), /\d+ items removed\. The name blue is free\.\n$/);
    const left = await owners();
    assert.equal(left.has(blue.id), false);
    assert.ok(left.get('default')! >= earlier.get('default')!);
    assert.deepEqual(await listed(cloud.directory), []);
    assert.equal((await blue.fetch('/clusters/blue/api/v1/pods', blue.adminToken)).status, 401);
    assert.match(await onDefault.ok('get', 'deployments'), /web +2\/2/);

    await cloud.hibernetes('create', 'cluster', 'blue');
    assert.equal(await onBlue.ok('get', 'deployments', '-A', '-o', 'name'), '');
    const [again] = await listed(cloud.directory);
    assert.notEqual(again?.id, blue.id);
  });
});
