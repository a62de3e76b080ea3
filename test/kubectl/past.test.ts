/** The past of a whole cluster: seen with stock kubectl, compared, undone, forked, and made anew when its store is lost. */
import assert from 'node:assert/strict';
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { runCommandLine, startCluster, type TestCluster } from '../support/cluster-process.ts';
import { newestKubectl } from '../support/kubectl.ts';
import { eventually } from '../support/eventually.ts';
import { imageFiles, reasonToSkipContainers } from '../support/real-nodes.ts';

const now = (): string => new Date().toISOString();

describe('the past of a cluster', () => {
  let cluster: TestCluster;
  let hasContainers = false;
  /** Two replicas; three and another image; the namespace is deleted. */
  const moments = { two: '', three: '', gone: '' };
  const program = newestKubectl();
  const at = async (moment: string, ...kubectl: readonly string[]): Promise<string> => {
    const { code, stdout, stderr } = await runCommandLine(['at', moment, '--data-dir', cluster.directory, '--', program, ...kubectl]);
    if (code !== 0) throw new Error(stderr);
    return stdout;
  };
  const replicas = (): Promise<string> =>
    cluster.kubectl.ok(
      '-n',
      'team-a',
      'get',
      'deployment',
      'web',
      '-o',
      'jsonpath={.status.readyReplicas} {.spec.template.spec.containers[0].image}',
    );

  before(async () => {
    hasContainers = (await reasonToSkipContainers()) === false;
    cluster = await startCluster(
      hasContainers ? { nodes: 2, runtime: 'containerd', images: await imageFiles() } : { nodes: 2, runtime: 'simulated' },
    );
    const { kubectl } = cluster;
    await kubectl.ok('create', 'namespace', 'team-a');
    await kubectl.ok('-n', 'team-a', 'create', 'secret', 'generic', 'key', '--from-literal=k=v');
    await kubectl.ok('-n', 'team-a', 'create', 'deployment', 'web', '--image=nginx/nginx:v1', '--replicas=2');
    await eventually(async () => assert.equal(await replicas(), '2 nginx/nginx:v1'));
    moments.two = now();
    await kubectl.ok('-n', 'team-a', 'set', 'image', 'deployment/web', 'nginx=nginx/nginx:v2');
    await kubectl.ok('-n', 'team-a', 'scale', 'deployment', 'web', '--replicas=3');
    await kubectl.ok('-n', 'team-a', 'rollout', 'status', 'deployment/web', '--timeout=120s');
    moments.three = now();
  });
  after(() => cluster?.remove());

  test('rehearse shows what an apply would lead to, and changes nothing', async () => {
    const manifest = join(cluster.directory, 'rehearsed.yaml');
    const container = '{ name: nginx, image: nginx/nginx:v2, resources: { requests: { cpu: 1000 } } }';
    writeFileSync(
      manifest,
      `apiVersion: apps/v1
kind: Deployment
metadata: { name: web, namespace: team-a }
spec:
  replicas: 3
  selector: { matchLabels: { app: web } }
  template: { metadata: { labels: { app: web } }, spec: { containers: [${container}] } }
`,
    );
    const outcome = JSON.parse(await cluster.hibernetes('rehearse', '-f', manifest, '--output', 'json'));
    assert.deepEqual(outcome.applied, [{ object: 'deployment/web', outcome: 'configured' }]);
    assert.equal(outcome.unschedulable.length, 1);
    assert.match(outcome.unschedulable[0].message, /^0\/2 nodes are available: 2 Insufficient cpu\./);
    assert.equal(await replicas(), '3 nginx/nginx:v2');
  });

  test('kubectl sees each moment as it was', async () => {
    for (const [moment, line] of [
      [moments.two, '2 nginx/nginx:v1'],
      [moments.three, '3 nginx/nginx:v2'],
    ] as const)
      assert.equal(
        await at(
          moment,
          '-n',
          'team-a',
          'get',
          'deployment',
          'web',
          '-o',
          'jsonpath={.status.readyReplicas} {.spec.template.spec.containers[0].image}',
        ),
        line,
      );
    assert.match(await at(moments.two, 'get', 'pods', '-A'), /team-a +web-/);
  });

  test('kubectl cannot write there', async () => {
    await assert.rejects(at(moments.two, '-n', 'team-a', 'delete', 'deployment', 'web'), /the past cannot be changed/);
  });

  test('diff and history name what changed', async () => {
    const diff = await cluster.hibernetes('diff', moments.two, moments.three, '-n', 'team-a');
    assert.match(diff, /~ deployments\.apps team-a\/web\n/);
    assert.match(diff, / {4}spec\.replicas: 2 → 3\n/);
    const history = await cluster.hibernetes('history', 'deploy/web', '-n', 'team-a');
    assert.match(history, /MODIFIED .* by kubectl-set\n {4}.*image: "nginx\/nginx:v1" → "nginx\/nginx:v2"/);
  });

  test('undo makes an object what it was', async () => {
    await cluster.hibernetes('undo', 'deployment/web', '-n', 'team-a', '--to', moments.two, '--yes');
    await eventually(async () => assert.equal(await replicas(), '2 nginx/nginx:v1'));
  });

  test('undo brings a deleted namespace back, with owners right and pods running', async () => {
    const { kubectl } = cluster;
    await kubectl.ok('delete', 'namespace', 'team-a');
    moments.gone = now();
    await cluster.hibernetes('undo', '-n', 'team-a', '--to', moments.three, '--yes');
    await eventually(async () => assert.equal(await replicas(), '3 nginx/nginx:v2'));
    assert.equal(await kubectl.ok('-n', 'team-a', 'get', 'secret', 'key', '-o', 'jsonpath={.data.k}'), 'dg==');
    const uid = await kubectl.ok('-n', 'team-a', 'get', 'deployment', 'web', '-o', 'jsonpath={.metadata.uid}');
    const owners = await kubectl.ok('-n', 'team-a', 'get', 'rs', '-o', 'jsonpath={.items[*].metadata.ownerReferences[0].uid}');
    assert.deepEqual([...new Set(owners.split(' '))], [uid]);
  });

  test('a fork has the objects and none of the nodes', async () => {
    const directory = join(cluster.directory, 'fork');
    try {
      await cluster.hibernetes('fork', directory, '--at', moments.two);
      const up = await runCommandLine(['up', '--data-dir', directory, '--nodes', '0', '--detach']);
      assert.equal(up.code, 0, up.stderr);
      const kubeconfig = join(directory, 'kubeconfig');
      const names = await cluster.kubectl.ok('--kubeconfig', kubeconfig, 'get', 'deploy,nodes', '-A', '-o', 'name');
      assert.equal(names, 'deployment.apps/web\n');
    } finally {
      await runCommandLine(['down', '--delete-data', '--data-dir', directory]);
    }
  });

  test('a cluster whose store is lost goes on with what is archived', async () => {
    const { kubectl } = cluster;
    // Simulated containers end with the control plane.
    const container = hasContainers ? ' {.status.containerStatuses[0].containerID} {.status.containerStatuses[0].restartCount}' : '';
    const containers = (): Promise<string> =>
      kubectl.ok('-n', 'team-a', 'get', 'pods', '-o', `jsonpath={range .items[*]}{.metadata.name}${container}{"\\n"}{end}`);
    const before = await containers();
    // The log is archived every minute.
    const runs = (): string[] => readdirSync(join(cluster.directory, 'archive/changes'));
    const runsBefore = runs().length;
    await kubectl.ok('create', 'namespace', 'last');
    await eventually(async () => assert.ok(runs().length > runsBefore), 150_000);
    cluster.killControlPlane();
    rmSync(join(cluster.directory, 'store'), { recursive: true });
    await cluster.hibernetes('restore', '--to', 'now');
    await cluster.up();
    await eventually(async () => assert.equal(await replicas(), '3 nginx/nginx:v2'));
    assert.equal(await containers(), before);
    await kubectl.ok('get', 'namespace', 'last');
    assert.match(await at(moments.two, '-n', 'team-a', 'get', 'deployment', 'web'), /2\/2/);
  });
});
