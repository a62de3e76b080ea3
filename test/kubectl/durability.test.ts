/** The control plane dies in the middle of writes, and nothing that was acknowledged is lost. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startCluster, type TestCluster } from '../support/cluster-process.ts';
import { eventually } from '../support/eventually.ts';
import { imageFiles, reasonToSkipContainers } from '../support/real-nodes.ts';
import { rows } from '../support/table.ts';

const configMaps = 200;
/** How many have been acknowledged when the control plane is killed. */
const killAfter = 60;

interface Listed {
  readonly items: readonly { readonly metadata: { readonly name: string; readonly resourceVersion: string; readonly uid: string } }[];
}

describe('a control plane that is killed while it works', { skip: await reasonToSkipContainers() }, () => {
  let cluster: TestCluster;

  before(async () => {
    cluster = await startCluster({ nodes: 1, runtime: 'containerd', images: await imageFiles() });
  });
  after(() => cluster?.remove());

  test('comes back with every acknowledged write at its revision, goes on with watches, and its pods never stopped', async () => {
    const { kubectl } = cluster;
    await kubectl.ok('create', 'deployment', 'web', '--image=nginx/nginx:v1');
    await kubectl.ok('wait', '--for=condition=Available', 'deployment/web', '--timeout=240s');
    const containerOf = (): Promise<string> =>
      kubectl.ok(
        'get',
        'pods',
        '-l',
        'app=web',
        '-o',
        'jsonpath={.items[*].status.containerStatuses[*].containerID} {.items[*].status.containerStatuses[*].restartCount}',
      );
    const container = await containerOf();

    const acknowledged = new Map<string, string>();
    let killed = false;
    for (let index = 0; index < configMaps; index += 1) {
      const name = `written-${index}`;
      const { code, stdout } = await kubectl.run([
        'create',
        'configmap',
        name,
        `--from-literal=index=${index}`,
        '-o',
        'jsonpath={.metadata.resourceVersion}',
      ]);
      if (code === 0) acknowledged.set(name, stdout);
      if (acknowledged.size === killAfter && !killed) {
        killed = true;
        cluster.killControlPlane();
        // While it is away the loop goes on and fails; then it is started again on the same directory.
        const { code: refused } = await kubectl.run(['create', 'configmap', 'while-away']);
        assert.notEqual(refused, 0);
        await cluster.up();
      }
    }
    assert.ok(killed);
    assert.ok(acknowledged.size >= configMaps - 1);

    const { items } = await kubectl.json<Listed>('get', 'configmaps');
    const found = new Map(items.map(({ metadata }) => [metadata.name, metadata.resourceVersion]));
    assert.deepEqual(
      [...acknowledged].filter(([name, resourceVersion]) => found.get(name) !== resourceVersion),
      [],
    );

    // A watch from before the kill sees what came after it, without a gap.
    const [firstName, firstRevision] = [...acknowledged][0] ?? ['', ''];
    const watched = await kubectl.ok(
      'get',
      '--raw',
      `/api/v1/namespaces/default/configmaps?watch=true&resourceVersion=${firstRevision}&timeoutSeconds=2`,
    );
    const added = watched
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line))
      .filter(({ type }) => type === 'ADDED')
      .map(({ object }) => object.metadata.name);
    assert.deepEqual(
      added.filter((name: string) => acknowledged.has(name)),
      [...acknowledged.keys()].filter((name) => name !== firstName),
    );

    assert.equal(await containerOf(), container);
    await eventually(async () => assert.equal(rows(await kubectl.ok('get', 'nodes'))[0]?.STATUS, 'Ready'));
  });

  test('a watch that was open when it died is taken up again by the client', async () => {
    const { kubectl } = cluster;
    const { items } = await kubectl.json<Listed>('get', 'configmaps');
    const last = Math.max(...items.map(({ metadata }) => Number(metadata.resourceVersion)));
    cluster.killControlPlane();
    await cluster.up();
    await kubectl.ok('create', 'configmap', 'after-the-second-kill');
    const watched = await kubectl.ok(
      'get',
      '--raw',
      `/api/v1/namespaces/default/configmaps?watch=true&resourceVersion=${last}&timeoutSeconds=2`,
    );
    assert.match(watched, /"name":"after-the-second-kill"/);
    assert.doesNotMatch(watched, /Expired/);
  });
});
