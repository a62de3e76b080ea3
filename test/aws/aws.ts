/**
 * `npm run test:aws`: the stack as a stranger deploys it, on an emulator of AWS. The command line, the CDK, the template and
 * the bundles are those that go to AWS; rights count, TLS is wanted. Each test goes on from the one before.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Deployment, Node, Pod, Service } from '../../functions/kube/generated/types.ts';
import { runningGate } from '../../infra/cli/gate/gate-home.ts';
import { eventually } from '../support/eventually.ts';
import { kubectlFor, newestKubectl, type Kubectl } from '../support/kubectl.ts';
import { account, region, startEmulator, type Emulator } from './emulator/start.ts';
import { hasContainers, type JoinedNodes, joinNodes } from './joined-nodes.ts';

const root = join(import.meta.dirname, '../..');
const stack = 'Hibernetes';
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** A message is put aside when it was in hand three times, each as long as a function may take. */
const deadLetterMsMax = 10 * 60_000;

const needsContainers = hasContainers ? false : 'real containers cannot run here';

interface State {
  readonly name: string;
  readonly state: string;
  readonly isWell: boolean;
}

/** kubectl started it, and it waits for the next one. */
function endGate(directory: string): void {
  const gate = runningGate(directory);
  if (gate !== undefined) process.kill(gate.pid);
}

describe('a stack on an emulator of AWS', () => {
  let emulator: Emulator;
  let endpoint: string;
  /** Signs in by IAM, and asks the Function URL itself. */
  let kubectl: Kubectl;
  let nodes: JoinedNodes | undefined;

  async function succeeds(program: string, ...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await emulator.run(program, args);
    assert.equal(code, 0, `${program} ${args.join(' ')}\n${stdout}${stderr}\n${emulator.log().slice(-4000)}`);
    return stdout;
  }
  const hibernetes = (...args: string[]): Promise<string> =>
    succeeds(process.execPath, 'infra/cli/main.ts', ...args, '--data-dir', join(emulator.directory, 'data'));

  /** Signs in through the gate. */
  const gated = (): Kubectl =>
    kubectlFor(kubeconfigFile('default'), join(emulator.directory, 'gated'), newestKubectl(), emulator.kubectlEnvironment);

  const kubeconfigFile = (name: string): string => join(emulator.directory, 'data/aws', stack, `${name}.kubeconfig`);
  /** Its exit code is 1 where something is not well. */
  async function states(title: string): Promise<readonly State[]> {
    const dataDir = join(emulator.directory, 'data');
    const words = ['infra/cli/main.ts', 'status', '--stack', stack, '-o', 'json', '--data-dir', dataDir];
    const { stdout, stderr } = await emulator.run(process.execPath, words);
    if (stdout === '') throw new Error(stderr);
    const { sections } = JSON.parse(stdout) as {
      readonly sections: readonly { readonly title: string; readonly states: readonly State[] }[];
    };
    return sections.find((section) => section.title === title)?.states ?? [];
  }

  before(async () => {
    emulator = await startEmulator();
    await succeeds('cdk', 'bootstrap', `aws://${account}/${region}`, '--no-notices');
  });
  after(async () => {
    await nodes?.stop();
    if (emulator !== undefined) endGate(join(emulator.directory, 'data/aws', stack, 'default.gate'));
    await emulator?.close();
  });

  test('is made by one command', async () => {
    const printed = await hibernetes('deploy', '--yes', '--host', 'function-url', '-o', 'json');
    const { clusters } = JSON.parse(printed) as { readonly clusters: readonly { readonly name: string; readonly server: string }[] };
    assert.deepEqual(
      clusters.map(({ name }) => name),
      ['default'],
    );
    endpoint = clusters[0]!.server;
    assert.match(endpoint, /^https:\/\/[a-z0-9]{32}\.lambda-url\.eu-west-1\.on\.aws$/);
  });

  test('is made of the template that the CDK wrote, unchanged', async () => {
    const held = await emulator.stackTemplate(stack);
    assert.equal(sha256(held), sha256(readFileSync(join(root, `dist/cdk.out/${stack}.template.json`), 'utf8')));
  });

  test('answers for its health and its version', async () => {
    const get = async (path: string): Promise<Response> => fetch(`${endpoint}${path}`);
    assert.equal(await (await get('/healthz')).text(), 'ok');
    const { gitVersion } = (await (await get('/version')).json()) as { readonly gitVersion: string };
    assert.match(gitVersion, /^v1\.37\.2/);
  });

  test('knows by IAM who signs in with stock kubectl', async () => {
    kubectl = kubectlFor(
      kubeconfigFile('default.direct'),
      join(emulator.directory, 'kubectl'),
      newestKubectl(),
      emulator.kubectlEnvironment,
    );
    const { status } = await kubectl.json<{ status: { userInfo: { username: string; groups: string[] } } }>('auth', 'whoami');
    assert.match(status.userInfo.username, /jane/);
    assert.ok(status.userInfo.groups.includes('system:masters'));
  });

  test('makes pods of a Deployment: stream, doorbell, queue and controllers run', async () => {
    await kubectl.ok('create', 'deployment', 'web', '--image=nginx/nginx:v1', '--replicas=3');
    const pods = await eventually(async () => {
      const { items } = await kubectl.json<{ items: readonly Pod[] }>('get', 'pods', '-l', 'app=web');
      assert.equal(items.length, 3);
      assert.ok(items.every(({ status }) => status?.conditions?.some(({ reason }) => reason === 'Unschedulable')));
      return items;
    });
    assert.ok(pods.every(({ status }) => status?.phase === 'Pending'));
  });

  test('takes nodes by a token, and runs the pods there', async () => {
    const kubeconfig = kubeconfigFile('default.direct');
    const { token } = JSON.parse(await hibernetes('token', 'create', '--kubeconfig', kubeconfig, '-o', 'json')) as {
      readonly token: string;
    };
    const { directory, environment } = emulator;
    nodes = await joinNodes({ server: endpoint, token, directory, environment });
    for (const name of nodes.names)
      await eventually(async () => {
        const { status } = await kubectl.json<Node>('get', 'node', name);
        assert.equal(status?.conditions?.find(({ type }) => type === 'Ready')?.status, 'True');
      });
    await eventually(async () => {
      const { status } = await kubectl.json<Deployment>('get', 'deployment', 'web');
      assert.equal(status?.availableReplicas, 3);
    });
  });

  test('rolls a Deployment out', async () => {
    await kubectl.ok('set', 'image', 'deployment/web', 'nginx=nginx/nginx:v2');
    assert.match(await kubectl.ok('rollout', 'status', 'deployment/web', '--timeout=240s'), /successfully rolled out/);
    // The last of the former pods ends a little later.
    await eventually(async () => {
      const { items } = await kubectl.json<{ items: readonly Pod[] }>('get', 'pods', '-l', 'app=web');
      assert.deepEqual(new Set(items.flatMap(({ spec }) => spec?.containers.map(({ image }) => image))), new Set(['nginx/nginx:v2']));
    });
  });

  test('reads logs and signs in through the gate', async () => {
    const [name = ''] = (await gated().ok('get', 'pods', '-l', 'app=web', '-o', 'name')).split('\n');
    assert.match(await gated().ok('logs', name), hasContainers ? /^$/ : /is simulated/);
    const { code, stdout, stderr } = await gated().run(['exec', name, '--', 'cat', '/etc/hostname']);
    // What a simulated node refuses, it refuses by the tunnel's other end.
    if (hasContainers) assert.deepEqual([code, `pod/${stdout}`], [0, `${name}\n`], stderr);
    else assert.match(stderr, /the pod runs on a simulated node/);
  });

  test('leads a pod to the pods of a Service, by its name and its address', { skip: needsContainers }, async () => {
    await kubectl.ok('expose', 'deployment', 'web', '--port=80');
    await kubectl.ok('run', 'client', '--image=busybox:1.36', '--', 'sleep', '100000');
    await kubectl.ok('wait', '--for=condition=Ready', 'pod/client', '--timeout=240s');
    const { spec } = await kubectl.json<Service>('get', 'service', 'web');
    const pods = (await kubectl.ok('get', 'pods', '-l', 'app=web', '-o', 'jsonpath={.items[*].metadata.name}')).split(' ');
    for (const host of ['web', spec?.clusterIP ?? ''])
      await eventually(async () => {
        const found = await gated().ok('exec', 'client', '--', 'timeout', '20', 'wget', '-q', '-O', '-', `http://${host}/hostname`);
        assert.ok(pods.includes(found.trim()), found);
      });
    assert.match(await gated().ok('logs', '-l', 'app=web'), /GET \/hostname/);
    await kubectl.ok('delete', 'pod', 'client', '--grace-period=1');
    await kubectl.ok('delete', 'service', 'web');
  });

  test('goes on with changed functions while clients write, and loses no write', async () => {
    const updated = hibernetes('deploy', '--yes', '--context', 'enableAdmissionPlugins=AlwaysPullImages');
    let isUpdated = false;
    void updated.finally(() => (isUpdated = true)).catch(() => undefined);
    const names: string[] = [];
    while (!isUpdated) {
      const name = `write-${names.length}`;
      await kubectl.ok('create', 'configmap', name);
      names.push(`configmap/${name}`);
    }
    await updated;
    const kept = new Set((await kubectl.ok('get', 'configmaps', '-o', 'name')).split('\n'));
    assert.deepEqual(
      names.filter((name) => !kept.has(name)),
      [],
    );
    // The changed functions pull images always.
    await kubectl.ok('run', 'pulled', '--image=busybox:1.36', '--image-pull-policy=IfNotPresent');
    const { spec } = await kubectl.json<Pod>('get', 'pod', 'pulled');
    assert.equal(spec?.containers[0]?.imagePullPolicy, 'Always');
    await kubectl.ok('delete', 'pod', 'pulled', '--wait=false');
  });

  test('deletes what is deleted, with all that it owned', async () => {
    await kubectl.ok('delete', 'deployment', 'web');
    await eventually(async () => assert.equal(await kubectl.ok('get', 'pods', '-o', 'name'), ''));
  });

  test('wakes for deadlines, with the timer', async () => {
    await kubectl.ok('create', 'cronjob', 'tick', '--schedule=* * * * *', '--image=busybox:1.36', '--', 'true');
    await eventually(async () => assert.match(await kubectl.ok('get', 'jobs', '-o', 'name'), /job.batch\/tick-/));
    await kubectl.ok('delete', 'cronjob', 'tick');
    assert.match(emulator.log(), /EventBridge → Lambda Hibernetes-ControlPlaneTimerFunction\S+: dispatched/);
  });

  test('puts aside what cannot be handled, and counts it', async () => {
    await eventually(async () => assert.deepEqual(new Set((await states('functions')).map(({ state }) => state)), new Set(['Active'])));
    const [queue = ''] = (await emulator.account.belongingsOf(stack)).queues.filter((url) => url.includes('QueuesControllers'));
    await emulator.account.sendToQueue(queue, { MessageBody: 'no ring', MessageGroupId: 'nobody', MessageDeduplicationId: '1' });
    await eventually(async () => {
      const aside = (await states('queues')).find(({ name }) => name === 'ControlPlaneQueuesFifoDeadLetters');
      assert.deepEqual([aside?.state, aside?.isWell], ['1 put aside', false]);
    }, deadLetterMsMax);
  });

  test('is kept by its protection, and goes with a word: its table and the key of its secrets stay', async () => {
    const { code, stderr } = await emulator.run(process.execPath, [
      'infra/cli/main.ts',
      'destroy',
      '--yes',
      '--data-dir',
      emulator.directory,
    ]);
    assert.equal(code, 1);
    assert.match(stderr, /is protected from being deleted/);
    await nodes?.stop();
    await kubectl.ok('create', 'secret', 'generic', 'kept', '--from-literal=word=moon');
    await hibernetes('destroy', '--unprotect', '--yes');
    const { tables, secrets, ...others } = await emulator.account.belongingsOf(stack);
    assert.deepEqual([tables.length, secrets.length], [1, 1]);
    assert.deepEqual(others, { functions: [], queues: [], logGroups: [], roles: [] });
  });

  test('left a table that goes on in another stack, Secrets and all', async () => {
    const { table, stream, secret } = await emulator.account.leftBy(stack);
    const adopted = [`table=${table}`, `tableStream=${stream}`, `envelopeSecret=${secret}`];
    await hibernetes('deploy', '--stack', 'Next', '--yes', '--host', 'function-url', '--context', ...adopted);
    const next = join(emulator.directory, 'data/aws/Next/default.direct.kubeconfig');
    kubectl = kubectlFor(next, join(emulator.directory, 'kubectl'), newestKubectl(), emulator.kubectlEnvironment);
    assert.equal(await kubectl.ok('get', 'secret', 'kept', '-o', 'jsonpath={.data.word}'), 'bW9vbg==');
    await kubectl.ok('create', 'deployment', 'again', '--image=nginx/nginx:v1');
    await eventually(async () => assert.match(await kubectl.ok('get', 'pods', '-l', 'app=again', '-o', 'name'), /^pod\/again-/));
  });
});
