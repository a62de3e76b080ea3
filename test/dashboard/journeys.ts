/**
 * Journeys through the dashboard in Debian's Chromium. Each changes the cluster by keys alone, and kubectl verifies it. The
 * nodes run real containers where this machine can; without them, the journeys that need a shell are left out.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { startCluster, type TestCluster } from '../support/cluster-process.ts';
import { eventually } from '../support/eventually.ts';
import { imageFiles, reasonToSkipContainers } from '../support/real-nodes.ts';
import { type DashboardGate, focusByTab, goTo, noticeOf, openBrowser, openGate, openPage, pressButton, type Watched } from './open-page.ts';
import { journeyObjects } from './journey-objects.ts';

/** `RUNTIME=simulated` leaves containers out although they could run. */
const noContainers = process.env['RUNTIME'] === 'simulated' ? 'RUNTIME is simulated' : await reasonToSkipContainers();

/** A shell starts with its container's other processes, on a machine that also runs both nodes. */
const promptMsMax = 120_000;

interface Journey {
  readonly what: string;
  readonly kind: string;
  readonly name: string;
  readonly button: string;
  /** Typed into the question's number. */
  readonly number?: string;
  /** What kubectl prints afterwards; a template of `-o jsonpath`. */
  readonly path?: string;
  readonly becomes?: string | RegExp;
}

const restartedAt = String.raw`{.spec.template.metadata.annotations.kubectl\.kubernetes\.io/restartedAt}`;

const journeys: readonly Journey[] = [
  { what: 'scales a Deployment', kind: 'deployments', name: 'web', button: 'Scale', number: '3', path: '{.spec.replicas}', becomes: '3' },
  { what: 'restarts a Deployment', kind: 'deployments', name: 'web', button: 'Restart', path: restartedAt, becomes: /^20/ },
  { what: 'pauses a Deployment', kind: 'deployments', name: 'web', button: 'Pause', path: '{.spec.paused}', becomes: 'true' },
  { what: 'resumes a Deployment', kind: 'deployments', name: 'web', button: 'Resume', path: '{.spec.paused}', becomes: '' },
  {
    what: 'goes back to the revision before',
    kind: 'deployments',
    name: 'two',
    button: 'Undo',
    path: '{.spec.template.spec.containers[0].image}',
    becomes: 'nginx/nginx:v1',
  },
  { what: 'scales a StatefulSet', kind: 'statefulsets', name: 'db', button: 'Scale', number: '0', path: '{.spec.replicas}', becomes: '0' },
  { what: 'restarts a StatefulSet', kind: 'statefulsets', name: 'db', button: 'Restart', path: restartedAt, becomes: /^20/ },
  { what: 'restarts a DaemonSet', kind: 'daemonsets', name: 'each', button: 'Restart', path: restartedAt, becomes: /^20/ },
  {
    what: 'scales a ReplicationController',
    kind: 'replicationcontrollers',
    name: 'rc',
    button: 'Scale',
    number: '2',
    path: '{.spec.replicas}',
    becomes: '2',
  },
  { what: 'scales a ReplicaSet', kind: 'replicasets', name: 'rs', button: 'Scale', number: '1', path: '{.spec.replicas}', becomes: '1' },
  { what: 'suspends a CronJob', kind: 'cronjobs', name: 'tick', button: 'Suspend', path: '{.spec.suspend}', becomes: 'true' },
  { what: 'lets a CronJob go on', kind: 'cronjobs', name: 'tick', button: 'Unsuspend', path: '{.spec.suspend}', becomes: 'false' },
  { what: 'suspends a Job', kind: 'jobs', name: 'work', button: 'Suspend', path: '{.spec.suspend}', becomes: 'true' },
  { what: 'cordons a node', kind: 'nodes', name: 'node-2', button: 'Cordon', path: '{.spec.unschedulable}', becomes: 'true' },
  { what: 'uncordons a node', kind: 'nodes', name: 'node-2', button: 'Uncordon', path: '{.spec.unschedulable}', becomes: '' },
  { what: 'drains a node', kind: 'nodes', name: 'node-1', button: 'Drain', path: '{.spec.unschedulable}', becomes: 'true' },
  { what: 'deletes a ConfigMap', kind: 'configmaps', name: 'gone', button: 'Delete' },
  { what: 'deletes a Secret', kind: 'secrets', name: 'gone', button: 'Delete' },
  { what: 'deletes a Service', kind: 'services', name: 'gone', button: 'Delete' },
  { what: 'deletes a Job with its pods', kind: 'jobs', name: 'work', button: 'Delete' },
  { what: 'deletes a Deployment with its pods', kind: 'deployments', name: 'two', button: 'Delete' },
  { what: 'deletes a PersistentVolumeClaim', kind: 'persistentvolumeclaims', name: 'gone', button: 'Delete' },
  { what: 'deletes an object of a custom kind', kind: 'ovens', name: 'gone', button: 'Delete' },
  { what: 'deletes a namespace', kind: 'namespaces', name: 'gone', button: 'Delete' },
];

const viewersMay = new Set(['deployments', 'statefulsets', 'daemonsets', 'replicasets', 'configmaps', 'services', 'jobs', 'cronjobs']);

describe('the dashboard in a browser', () => {
  let cluster: TestCluster;
  let browser: Browser;
  let gate: DashboardGate;
  let watched: Watched;
  const kubectl = (...args: string[]): Promise<string> => cluster.kubectl.ok(...args);

  before(async () => {
    cluster = await startCluster({
      nodes: 2,
      runtime: noContainers === false ? 'containerd' : 'simulated',
      images: noContainers === false ? await imageFiles() : [],
    });
    await cluster.kubectl.run(['apply', '-f', '-'], { input: journeyObjects.definitions });
    await eventually(() => kubectl('get', 'ovens'));
    const { code, stderr } = await cluster.kubectl.run(['apply', '-f', '-'], { input: journeyObjects.objects });
    assert.equal(code, 0, stderr);
    await kubectl('rollout', 'status', 'deployment/two');
    await kubectl('set', 'image', 'deployment/two', '*=nginx/nginx:v2');
    await kubectl('rollout', 'status', 'deployment/two');
    browser = await openBrowser();
    gate = await openGate(cluster.directory);
    watched = await openPage(browser, gate.url);
  });
  after(async () => {
    await browser?.close();
    gate?.close();
    await cluster?.remove();
  });

  test('a user with view is refused in words, and changes nothing', async () => {
    await kubectl('create', 'serviceaccount', 'viewer');
    await kubectl('create', 'rolebinding', 'viewer', '--clusterrole=view', '--serviceaccount=default:viewer');
    const token = (await kubectl('create', 'token', 'viewer')).trim();
    const {
      clusters: [first],
    } = (await cluster.kubectl.json('config', 'view')) as unknown as { clusters: [{ cluster: { server: string } }] };
    const { page, faults } = await openPage(browser, `${first.cluster.server}/ui/`);
    await page.getByLabel('Token').focus();
    await page.keyboard.type(token);
    await page.keyboard.press('Enter');
    await page.locator('nav').waitFor();
    await page.goto(`${first.cluster.server}/ui/#/list/pods/default`);
    let refused = 0;
    for (const { kind, name, button, what } of journeys.filter(
      (one) => viewersMay.has(one.kind) && one.button !== 'Resume' && one.button !== 'Unsuspend',
    )) {
      const state = await kubectl('get', kind, name, '-o', 'jsonpath={.spec}{.data}');
      await page.evaluate(`location.hash = '#/list/pods/default'`);
      await goTo(page, kind, name);
      await eventually(async () =>
        assert.equal(await page.getByRole('button', { name: button, exact: true }).getAttribute('aria-disabled'), 'true'),
      );
      await pressButton(page, button);
      assert.match((await noticeOf(page)) ?? '', /^Not allowed: no role lets you/, what);
      assert.equal(await kubectl('get', kind, name, '-o', 'jsonpath={.spec}{.data}'), state, what);
      refused += 1;
    }
    assert.ok(refused >= 10, `${refused}`);
    await page.evaluate(`location.hash = '#/list/secrets/default'`);
    await page.getByRole('alert').filter({ hasText: 'Not allowed: secrets is forbidden' }).waitFor();
    assert.deepEqual(faults, []);
    await page.close();
  });

  for (const { what, kind, name, button, number, path, becomes } of journeys) {
    test(`${what}, by keys alone`, async () => {
      const { page } = watched;
      await goTo(page, kind, name);
      await pressButton(page, button);
      await page.getByRole('dialog').waitFor();
      if (number !== undefined) {
        await page.keyboard.press('ControlOrMeta+a');
        await page.keyboard.type(number);
      }
      await focusByTab(page, button);
      await page.keyboard.press('Enter');
      await eventually(async () => {
        const { code, stdout } = await cluster.kubectl.run(['get', kind, name, '-o', `jsonpath=${path ?? '{.metadata.name}'}`]);
        if (path === undefined) assert.notEqual(code, 0);
        else if (becomes instanceof RegExp) assert.match(stdout, becomes);
        else assert.equal(stdout, becomes);
      });
    });
  }

  test('edits YAML: shows what the server would store, and stores it', async () => {
    const { page } = watched;
    await goTo(page, 'configmaps', 'settings');
    await focusByTab(page, 'YAML');
    await page.keyboard.press('Enter');
    await page.locator('.cm-content').waitFor();
    await page.getByRole('textbox', { name: 'YAML' }).focus();
    await page.keyboard.press('ControlOrMeta+a');
    await page.keyboard.insertText(
      'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: settings\n  namespace: default\ndata:\n  colour: blue\n',
    );
    await page.keyboard.press('ControlOrMeta+s');
    await page.locator('.diff', { hasText: 'blue' }).waitFor();
    assert.equal(await kubectl('get', 'configmap', 'settings', '-o', 'jsonpath={.data.colour}'), 'red');
    await page.getByRole('button', { name: 'Store it' }).and(page.locator(':focus')).waitFor();
    await page.keyboard.press('Enter');
    await eventually(async () => assert.equal(await kubectl('get', 'configmap', 'settings', '-o', 'jsonpath={.data.colour}'), 'blue'));
  });

  test('a shell in a container writes a file there', { skip: noContainers }, async () => {
    const { page } = watched;
    await kubectl('wait', '--for=condition=Ready', 'pod/shell');
    await goTo(page, 'pods', 'shell');
    await focusByTab(page, 'Shell');
    await page.keyboard.press('Enter');
    // The terminal takes keys once it has a size, which it has with the first output.
    await page.locator('.xterm-accessibility', { hasText: '#' }).waitFor({ timeout: promptMsMax });
    await page.locator('.xterm-helper-textarea').waitFor();
    await page.keyboard.type('echo by-keys >/tmp/made\n');
    await eventually(async () => assert.equal(await kubectl('exec', 'shell', '--', 'cat', '/tmp/made'), 'by-keys\n'));
  });

  test('no journey asked another host, or broke', () => {
    assert.deepEqual(watched.faults, []);
  });
});
