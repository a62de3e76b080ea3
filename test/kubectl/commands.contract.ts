/** The everyday commands of stock kubectl behave as on a real cluster. Simulated nodes: what runs in the pods does not matter here. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startCluster, type ClusterOptions, type TestCluster } from '../support/cluster-process.ts';
import { eventually } from '../support/eventually.ts';
import type { Kubectl } from '../support/kubectl.ts';
import { columns, rows } from '../support/table.ts';

export const everydayCommands = (title: string, host: Pick<ClusterOptions, 'cloud'> = {}) =>
  describe(title, () => {
    let cluster: TestCluster;
    let kubectl: Kubectl;

    before(async () => {
      cluster = await startCluster({ nodes: 2, runtime: 'simulated', ...host });
      kubectl = cluster.kubectl;
    });
    after(() => cluster?.remove());

    const images = (): Promise<string> => kubectl.ok('get', 'deploy/web', '-o', 'jsonpath={.spec.template.spec.containers[*].image}');

    test('create deployment makes one that becomes Available', async () => {
      assert.equal(
        await kubectl.ok('create', 'deployment', 'web', '--image=nginx/nginx:v1', '--replicas=3'),
        'deployment.apps/web created\n',
      );
      assert.equal(
        await kubectl.ok('wait', '--for=condition=Available', 'deployment/web', '--timeout=240s'),
        'deployment.apps/web condition met\n',
      );
      assert.equal(await kubectl.ok('rollout', 'status', 'deployment/web', '--timeout=240s'), 'deployment "web" successfully rolled out\n');
    });

    test('set image rolls out a new revision, and rollout undo goes back', async () => {
      assert.equal(await kubectl.ok('set', 'image', 'deployment/web', 'nginx=nginx/nginx:v2'), 'deployment.apps/web image updated\n');
      assert.match(
        await kubectl.ok('rollout', 'status', 'deployment/web', '--timeout=240s'),
        /deployment "web" successfully rolled out\n$/,
      );
      assert.equal(await images(), 'nginx/nginx:v2');
      assert.equal(
        await kubectl.ok('rollout', 'history', 'deployment/web'),
        'deployment.apps/web \nREVISION  CHANGE-CAUSE\n1         <none>\n2         <none>\n\n',
      );
      assert.equal(await kubectl.ok('rollout', 'undo', 'deployment/web'), 'deployment.apps/web rolled back\n');
      await kubectl.ok('rollout', 'status', 'deployment/web', '--timeout=240s');
      assert.equal(await images(), 'nginx/nginx:v1');
      assert.equal(
        await kubectl.ok('rollout', 'history', 'deployment/web'),
        'deployment.apps/web \nREVISION  CHANGE-CAUSE\n2         <none>\n3         <none>\n\n',
      );
    });

    test('rollout restart, pause and resume', async () => {
      assert.equal(await kubectl.ok('rollout', 'pause', 'deployment/web'), 'deployment.apps/web paused\n');
      assert.equal(
        await kubectl.ok('rollout', 'restart', 'deployment/web').catch((error: Error) => /error: .*/.exec(error.message)?.[0]),
        'error: deployments.apps "web" can\'t restart paused deployment (run rollout resume first)',
      );
      assert.equal(await kubectl.ok('rollout', 'resume', 'deployment/web'), 'deployment.apps/web resumed\n');
      assert.equal(await kubectl.ok('rollout', 'restart', 'deployment/web'), 'deployment.apps/web restarted\n');
      await kubectl.ok('rollout', 'status', 'deployment/web', '--timeout=240s');
    });

    test('scale changes the number of pods', async () => {
      assert.equal(await kubectl.ok('scale', 'deployment/web', '--replicas=5'), 'deployment.apps/web scaled\n');
      await eventually(async () => {
        const [row] = rows(await kubectl.ok('get', 'deploy', 'web'));
        assert.equal(row?.READY, '5/5');
      });
      assert.equal(await kubectl.ok('scale', 'deployment/web', '--current-replicas=5', '--replicas=2'), 'deployment.apps/web scaled\n');
      await eventually(async () => assert.equal(rows(await kubectl.ok('get', 'pods', '-l', 'app=web')).length, 2));
    });

    test('expose makes a Service whose endpoints follow the pods', async () => {
      assert.equal(await kubectl.ok('expose', 'deployment/web', '--port=80', '--target-port=8080'), 'service/web exposed\n');
      const table = await kubectl.ok('get', 'service', 'web', '-o', 'wide');
      assert.deepEqual(columns(table), ['NAME', 'TYPE', 'CLUSTER-IP', 'EXTERNAL-IP', 'PORT(S)', 'AGE', 'SELECTOR']);
      const [service] = rows(table);
      assert.deepEqual(
        [service?.TYPE, service?.['EXTERNAL-IP'], service?.['PORT(S)'], service?.SELECTOR],
        ['ClusterIP', '<none>', '80/TCP', 'app=web'],
      );
      await eventually(async () => {
        const [endpoints] = rows(await kubectl.ok('get', 'endpoints', 'web'));
        assert.match(endpoints?.ENDPOINTS ?? '', /^10\.244\.\d+\.\d+:8080,10\.244\.\d+\.\d+:8080$/);
        const [slice] = rows(await kubectl.ok('get', 'endpointslices', '-l', 'kubernetes.io/service-name=web'));
        assert.equal(slice?.PORTS, '8080');
      });
    });

    test('label and annotate change what they name', async () => {
      assert.equal(await kubectl.ok('label', 'deployment/web', 'tier=front'), 'deployment.apps/web labeled\n');
      const { stderr } = await kubectl.run(['label', 'deployment/web', 'tier=back']);
      assert.match(stderr, /'tier' already has a value \(front\), and --overwrite is false/);
      assert.equal(await kubectl.ok('label', 'deployment/web', 'tier-'), 'deployment.apps/web unlabeled\n');
      assert.equal(await kubectl.ok('annotate', 'deployment/web', 'note=hello'), 'deployment.apps/web annotated\n');
      assert.equal(await kubectl.ok('get', 'deploy/web', '-o', 'jsonpath={.metadata.annotations.note}'), 'hello');
    });

    test('describe shows the events and the state of a deployment and of a pod', async () => {
      const deployment = await kubectl.ok('describe', 'deployment/web');
      assert.match(deployment, /StrategyType: +RollingUpdate\n/);
      assert.match(deployment, /RollingUpdateStrategy: +25% max unavailable, 25% max surge\n/);
      assert.match(deployment, /Normal +ScalingReplicaSet +\S+ +deployment-controller +Scaled up replica set web-\S+ (from \d+ )?to 3/);
      const [pod] = rows(await kubectl.ok('get', 'pods', '-l', 'app=web'));
      const story = await kubectl.ok('describe', 'pod', pod?.NAME ?? '');
      assert.match(story, /Status: +Running\n/);
      assert.match(story, /Controlled By: +ReplicaSet\/web-/);
      assert.match(story, /Normal +Scheduled +\S+ +default-scheduler +Successfully assigned default\/web-\S+ to node-[12]\n/);
    });

    test('get -w prints rows as they change', async () => {
      const watching = kubectl.start(['get', 'configmaps', '-w']);
      await eventually(() => assert.match(watching.output(), /kube-root-ca\.crt/));
      await kubectl.ok('create', 'configmap', 'seen', '--from-literal=a=1');
      await eventually(() => assert.match(watching.output(), /\nseen +1 +\d+s/));
      await kubectl.ok('delete', 'configmap', 'seen');
      await watching.stop();
    });

    test('apply creates, changes, and leaves alone', async () => {
      const configMap = (value: string): string => `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: applied\ndata:\n  key: ${value}\n`;
      const apply = async (value: string): Promise<string> => (await kubectl.run(['apply', '-f', '-'], { input: configMap(value) })).stdout;
      assert.equal(await apply('one'), 'configmap/applied created\n');
      assert.equal(await apply('one'), 'configmap/applied unchanged\n');
      assert.equal(await apply('two'), 'configmap/applied configured\n');
      const { code, stdout } = await kubectl.run(['diff', '-f', '-'], { input: configMap('three') });
      assert.equal(code, 1);
      assert.match(stdout, /-  key: two\n\+  key: three\n/);
    });

    test('cordon keeps pods away until uncordon', async () => {
      assert.equal(await kubectl.ok('cordon', 'node-1'), 'node/node-1 cordoned\n');
      const [node] = rows(await kubectl.ok('get', 'nodes', 'node-1'));
      assert.equal(node?.STATUS, 'Ready,SchedulingDisabled');
      assert.equal(await kubectl.ok('uncordon', 'node-1'), 'node/node-1 uncordoned\n');
    });

    test('a namespace takes what is in it along', async () => {
      await kubectl.ok('create', 'namespace', 'team');
      await eventually(() => kubectl.ok('get', '-n', 'team', 'serviceaccount', 'default'));
      await kubectl.ok('create', '-n', 'team', 'deployment', 'web', '--image=nginx/nginx:v1', '--replicas=2');
      await kubectl.ok('wait', '-n', 'team', '--for=condition=Available', 'deployment/web', '--timeout=240s');
      assert.equal(await kubectl.ok('delete', 'namespace', 'team'), 'namespace "team" deleted\n');
      const { stderr } = await kubectl.run(['get', 'namespace', 'team']);
      assert.equal(stderr, 'Error from server (NotFound): namespaces "team" not found\n');
    });

    test('auth can-i and whoami know the administrator', async () => {
      assert.equal(await kubectl.ok('auth', 'can-i', 'create', 'deployments'), 'yes\n');
      const table = await kubectl.ok('auth', 'whoami');
      assert.match(table, /Username +kubernetes-admin\n/);
      const { code, stdout } = await kubectl.run(['auth', 'can-i', 'list', 'secrets', '--as=jane']);
      assert.deepEqual([code, stdout], [1, 'no\n']);
    });

    test('explain and api-resources know the kinds', async () => {
      assert.match(await kubectl.ok('explain', 'deployment.spec.replicas'), /FIELD: replicas <integer>/);
      const names = rows(await kubectl.ok('api-resources', '--verbs=list')).map(({ NAME }) => NAME);
      for (const name of ['configmaps', 'deployments', 'endpointslices', 'leases', 'nodes', 'pods', 'replicasets', 'services'])
        assert.ok(names.includes(name), name);
    });

    test('kubectl prints upstream’s texts for objects that are absent, exist already or have an invalid name', async () => {
      assert.equal((await kubectl.run(['get', 'pod', 'nobody'])).stderr, 'Error from server (NotFound): pods "nobody" not found\n');
      assert.equal(
        (await kubectl.run(['create', 'deployment', 'web', '--image=x'])).stderr,
        'error: failed to create deployment: deployments.apps "web" already exists\n',
      );
      assert.equal(
        (await kubectl.run(['create', 'namespace', 'Not_A_Name'])).stderr,
        `The Namespace "Not_A_Name" is invalid: metadata.name: Invalid value: "Not_A_Name": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')\n`,
      );
    });
  });
