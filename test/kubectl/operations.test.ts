/** What people who run a cluster do with stock kubectl: empty nodes, replace, delete in their own way, and be refused. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startCluster, type TestCluster } from '../support/cluster-process.ts';
import { eventually } from '../support/eventually.ts';
import type { Kubectl } from '../support/kubectl.ts';
import { rows } from '../support/table.ts';

describe('kubectl, for those who run a cluster', () => {
  let cluster: TestCluster;
  let kubectl: Kubectl;

  before(async () => {
    process.env['KUBE_EDITOR'] = 'sed -i s/replicas:.2/replicas:\\ 3/';
    cluster = await startCluster({ nodes: 2, runtime: 'simulated' });
    kubectl = cluster.kubectl;
    await kubectl.ok('create', 'deployment', 'web', '--image=nginx/nginx:v1', '--replicas=2');
    await kubectl.ok('rollout', 'status', 'deployment/web', '--timeout=240s');
  });
  after(() => cluster?.remove());

  const refusal = async (...args: string[]): Promise<string> => {
    const { code, stderr } = await kubectl.run(args);
    assert.equal(code, 1);
    return stderr;
  };
  const names = async (kind: string): Promise<string[]> => rows(await kubectl.ok('get', kind)).map((row) => row['NAME'] ?? '');

  test('drain moves the pods of a node elsewhere by eviction', async () => {
    const before = rows(await kubectl.ok('get', 'pods', '-o', 'wide')).filter((row) => row['NODE'] === 'node-1');
    const story = await kubectl.ok('drain', 'node-1', '--ignore-daemonsets');
    for (const { NAME } of before) assert.match(story, new RegExp(`pod/${NAME} evicted\n`));
    assert.match(story, /node\/node-1 drained\n$/);
    await kubectl.ok('rollout', 'status', 'deployment/web', '--timeout=240s');
    const nodes = rows(await kubectl.ok('get', 'pods', '-o', 'wide')).map((row) => row['NODE']);
    assert.deepEqual(nodes, ['node-2', 'node-2']);
    await kubectl.ok('uncordon', 'node-1');
  });

  test('taints are set once, and taken away', async () => {
    assert.equal(await kubectl.ok('taint', 'nodes', 'node-1', 'team=a:NoSchedule'), 'node/node-1 tainted\n');
    assert.equal(
      await refusal('taint', 'nodes', 'node-1', 'team=b:NoSchedule'),
      'error: node node-1 already has team taint(s) with same effect(s) and --overwrite is false\n',
    );
    assert.equal(await kubectl.ok('taint', 'nodes', 'node-1', 'team-'), 'node/node-1 untainted\n');
  });

  test('edit stores what the editor leaves', async () => {
    assert.equal(await kubectl.ok('edit', 'deployment/web'), 'deployment.apps/web edited\n');
    assert.equal(await kubectl.ok('get', 'deploy/web', '-o', 'jsonpath={.spec.replicas}'), '3');
  });

  test('scale is only done where the precondition holds', async () => {
    assert.equal(
      await refusal('scale', 'deployment/web', '--current-replicas=5', '--replicas=1'),
      'error: Expected replicas to be 5, was 3\n',
    );
  });

  test('a JSON patch is only done where its test holds', async () => {
    const patch = (replicas: number): string[] => [
      'patch',
      'deployment/web',
      '--type=json',
      '-p',
      JSON.stringify([
        { op: 'test', path: '/spec/replicas', value: replicas },
        { op: 'replace', path: '/spec/replicas', value: 2 },
      ]),
    ];
    assert.equal(await refusal(...patch(9)), 'The request is invalid: the server rejected our request due to an error in our request\n');
    assert.equal(await kubectl.ok(...patch(3)), 'deployment.apps/web patched\n');
  });

  test('replace --force begins anew', async () => {
    const uid = (): Promise<string> => kubectl.ok('get', 'deploy/web', '-o', 'jsonpath={.metadata.uid}');
    const before = await uid();
    const { stdout } = await kubectl.run(['replace', '--force', '-f', '-'], { input: await kubectl.ok('get', 'deploy/web', '-o', 'yaml') });
    assert.match(stdout, /^deployment.apps "web" deleted.*\ndeployment.apps\/web replaced\n$/);
    assert.notEqual(await uid(), before);
    await kubectl.ok('rollout', 'status', 'deployment/web', '--timeout=240s');
  });

  test('orphans stay, and what is deleted in the foreground goes after what hangs on it', async () => {
    await kubectl.ok('delete', 'deployment', 'web', '--cascade=orphan');
    const [replicaSet = ''] = await names('replicasets');
    assert.match(replicaSet, /^web-/);
    await eventually(async () => assert.equal(await kubectl.ok('get', 'rs', replicaSet, '-o', 'jsonpath={.metadata.ownerReferences}'), ''));
    assert.equal((await names('pods')).length, 2);
    await kubectl.ok('delete', 'replicaset', replicaSet, '--cascade=foreground');
    assert.deepEqual(await names('pods'), []);
  });

  test('wait sees what goes', async () => {
    await kubectl.ok('run', 'short', '--image=busybox:1.36');
    await kubectl.ok('wait', '--for=condition=Ready', 'pod/short', '--timeout=240s');
    const waiting = kubectl.start(['wait', '--for=delete', 'pod/short', '--timeout=240s']);
    await kubectl.ok('delete', 'pod', 'short');
    const { code } = await waiting.ended;
    assert.equal(code, 0);
  });

  test('a service account may do what its binding allows, until the service account is deleted', async () => {
    const asAccount = async (...args: string[]): Promise<{ code: number; stderr: string }> =>
      kubectl.run(['--kubeconfig=/dev/null', `--server=${server}`, '--insecure-skip-tls-verify', `--token=${token}`, ...args]);
    const server = (await kubectl.ok('config', 'view', '-o', 'jsonpath={.clusters[0].cluster.server}')).trim();
    await kubectl.ok('create', 'serviceaccount', 'reader');
    const token = (await kubectl.ok('create', 'token', 'reader')).trim();
    assert.equal(
      (await asAccount('get', 'pods')).stderr,
      'Error from server (Forbidden): pods is forbidden: User "system:serviceaccount:default:reader" cannot list resource "pods" in API group "" in the namespace "default"\n',
    );
    await kubectl.ok('create', 'rolebinding', 'readers', '--clusterrole=view', '--serviceaccount=default:reader');
    await eventually(async () => assert.equal((await asAccount('get', 'pods')).code, 0));
    assert.match((await asAccount('get', 'secrets')).stderr, /cannot list resource "secrets"/);
    await kubectl.ok('delete', 'serviceaccount', 'reader');
    await eventually(async () =>
      assert.equal((await asAccount('get', 'pods')).stderr, 'error: You must be logged in to the server (Unauthorized)\n'),
    );
  });

  test('top and get --raw print upstream’s errors for what is not served', async () => {
    assert.equal(await refusal('top', 'pods'), 'error: Metrics API not available\n');
    assert.equal(
      await refusal('get', '--raw', '/api/v1/namespaces/default/pods/box/nothing'),
      'Error from server (NotFound): the server could not find the requested resource\n',
    );
  });
});
