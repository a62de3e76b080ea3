/**
 * What a first-time user does, command by command, on two nodes with real containers. The columns are those of a real
 * cluster; the manifests are the tutorial's.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { join } from 'node:path';
import { startCluster, type ClusterOptions, type TestCluster } from '../support/cluster-process.ts';
import { isNewWording } from '../support/kubectl.ts';
import { eventually } from '../support/eventually.ts';
import type { Kubectl } from '../support/kubectl.ts';
import { imageFiles } from '../support/real-nodes.ts';
import { columns, rows } from '../support/table.ts';

const manifest = (name: string): string => join(import.meta.dirname, 'manifests', name);

const age = /^(\d+[smhd])+$/;

/** `skip`: why containers cannot run here. */
export const tutorial = (title: string, skip: string | false | undefined, host: Pick<ClusterOptions, 'cloud'> = {}) =>
  describe(title, { skip }, () => {
    let cluster: TestCluster;
    let kubectl: Kubectl;

    before(async () => {
      cluster = await startCluster({ nodes: 2, runtime: 'containerd', images: await imageFiles(), ...host });
      kubectl = cluster.kubectl;
    });
    after(() => cluster?.remove());

    test('get nodes shows both of them Ready, with age and version', async () => {
      const table = await kubectl.ok('get', 'nodes');
      assert.deepEqual(columns(table), ['NAME', 'STATUS', 'ROLES', 'AGE', 'VERSION']);
      const nodes = rows(table);
      assert.deepEqual(
        nodes.map(({ NAME, STATUS, ROLES }) => [NAME, STATUS, ROLES]),
        [
          ['node-1', 'Ready', '<none>'],
          ['node-2', 'Ready', '<none>'],
        ],
      );
      for (const { AGE = '', VERSION = '' } of nodes) {
        assert.match(AGE, age);
        assert.match(VERSION, /^v1\.\d+\.\d+/);
      }
    });

    test('the manifest with a field at the wrong level is refused in upstream’s words', async () => {
      const { code, stderr } = await kubectl.run(['create', '-f', manifest('pod-tomcat-as-written.yaml')]);
      assert.equal(code, 1);
      assert.equal(
        stderr.trim(),
        `Error from server (BadRequest): error when creating "${manifest('pod-tomcat-as-written.yaml')}": Pod in version "v1" cannot be handled as a Pod: strict decoding error: unknown field "spec.imagePullPolicy"`,
      );
    });

    const place = isNewWording() ? ' from default namespace' : '';

    test('a pod is created, runs, shows where, and once deleted stays away', async () => {
      assert.equal(await kubectl.ok('create', '-f', manifest('pod-tomcat.yaml')), 'pod/tomcat-test created\n');
      await kubectl.ok('wait', '--for=condition=Ready', 'pod/tomcat-test', '--timeout=240s');
      const table = await kubectl.ok('get', 'pods', '-o', 'wide', '-l', 'app=tomcat');
      assert.deepEqual(columns(table), ['NAME', 'READY', 'STATUS', 'RESTARTS', 'AGE', 'IP', 'NODE', 'NOMINATED NODE', 'READINESS GATES']);
      const [pod] = rows(table);
      assert.deepEqual([pod?.NAME, pod?.READY, pod?.STATUS, pod?.RESTARTS], ['tomcat-test', '1/1', 'Running', '0']);
      assert.match(pod?.IP ?? '', /^10\.244\.\d+\.\d+$/);
      assert.match(pod?.NODE ?? '', /^node-[12]$/);
      assert.equal(await kubectl.ok('delete', 'pods', 'tomcat-test'), `pod "tomcat-test" deleted${place}\n`);
      const { stderr } = await kubectl.run(['get', 'pods', '-l', 'app=tomcat']);
      assert.equal(stderr, 'No resources found in default namespace.\n');
    });

    test('a deployment runs its two pods, replaces a deleted one, and goes with its manifest', async () => {
      assert.equal(await kubectl.ok('create', '-f', manifest('nginx-deploy.yaml')), 'deployment.apps/nginx-test created\n');
      await kubectl.ok('wait', '--for=condition=Available', 'deployment/nginx-test', '--timeout=240s');

      const deployments = await kubectl.ok('get', 'deploy', '-l', 'app=nginx-deploy');
      assert.deepEqual(columns(deployments), ['NAME', 'READY', 'UP-TO-DATE', 'AVAILABLE', 'AGE']);
      assert.deepEqual(
        await eventually(async () => {
          const [row] = rows(await kubectl.ok('get', 'deploy', '-l', 'app=nginx-deploy'));
          assert.equal(row?.READY, '2/2');
          return [row?.NAME, row?.['UP-TO-DATE'], row?.AVAILABLE];
        }),
        ['nginx-test', '2', '2'],
      );

      const [replicaSet] = rows(await kubectl.ok('get', 'rs', '-l', 'app=nginx'));
      assert.match(replicaSet?.NAME ?? '', /^nginx-test-[a-z0-9]+$/);
      assert.deepEqual([replicaSet?.DESIRED, replicaSet?.CURRENT, replicaSet?.READY], ['2', '2', '2']);

      const pods = rows(await kubectl.ok('get', 'pods', '-o', 'wide', '-l', 'app=nginx'));
      assert.deepEqual(pods.map(({ NODE = '' }) => NODE).sort(), ['node-1', 'node-2']);
      const [gone, kept] = pods.map(({ NAME = '' }) => NAME);
      assert.match(gone ?? '', new RegExp(`^${replicaSet?.NAME}-[a-z0-9]{5}$`));

      await kubectl.ok('delete', 'pods', gone ?? '');
      const replaced = await eventually(async () => {
        const running = rows(await kubectl.ok('get', 'pods', '-l', 'app=nginx')).filter(({ STATUS }) => STATUS === 'Running');
        assert.equal(running.length, 2);
        return running.map(({ NAME = '' }) => NAME);
      });
      assert.ok(replaced.includes(kept ?? ''));
      assert.ok(!replaced.includes(gone ?? ''));

      assert.equal(await kubectl.ok('delete', '-f', manifest('nginx-deploy.yaml')), `deployment.apps "nginx-test" deleted${place}\n`);
      await eventually(async () => {
        const { stderr } = await kubectl.run(['get', 'deploy,rs,pods']);
        assert.equal(stderr, 'No resources found in default namespace.\n');
      });
    });
  });
