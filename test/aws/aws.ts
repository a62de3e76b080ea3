/**
 * `npm run test:aws`: the stack as a stranger deploys it, on an emulator of AWS. The command line, the CDK, the template and
 * the bundles are those that go to AWS; rights count, TLS is wanted. Each test goes on from the one before.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Deployment, Node, Pod } from '../../functions/kube/generated/types.ts';
import { eventually } from '../support/eventually.ts';
import { kubectlFor, newestKubectl, type Kubectl } from '../support/kubectl.ts';
import { account, region, startEmulator, type Emulator } from './emulator/start.ts';
import { joinSimulatedNode, type SimulatedNode } from './simulated-node.ts';

const root = join(import.meta.dirname, '../..');
const stack = 'Hibernetes';
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

describe('a stack on an emulator of AWS', () => {
  let emulator: Emulator;
  let endpoint: string;
  /** Signs in by IAM, and asks the Function URL itself. */
  let kubectl: Kubectl;
  let node: SimulatedNode | undefined;

  async function succeeds(program: string, ...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await emulator.run(program, args);
    assert.equal(code, 0, `${program} ${args.join(' ')}\n${stdout}${stderr}\n${emulator.log().slice(-4000)}`);
    return stdout;
  }
  const hibernetes = (...args: string[]): Promise<string> =>
    succeeds(process.execPath, 'infra/cli/main.ts', ...args, '--data-dir', join(emulator.directory, 'data'));

  before(async () => {
    emulator = await startEmulator();
    await succeeds('cdk', 'bootstrap', `aws://${account}/${region}`, '--no-notices');
  });
  after(async () => {
    await node?.stop();
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
    const kubeconfig = join(emulator.directory, 'data/aws', stack, 'default.direct.kubeconfig');
    kubectl = kubectlFor(kubeconfig, join(emulator.directory, 'kubectl'), newestKubectl(), emulator.kubectlEnvironment);
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

  test('takes a node, and runs the pods there', async () => {
    const kubeconfig = join(emulator.directory, 'data/aws', stack, 'default.direct.kubeconfig');
    const { token } = JSON.parse(await hibernetes('token', 'create', '--kubeconfig', kubeconfig, '-o', 'json')) as {
      readonly token: string;
    };
    const { directory, environment } = emulator;
    node = await joinSimulatedNode({ name: 'node-1', server: endpoint, token, directory, environment });
    await eventually(async () => {
      const { status } = await kubectl.json<Node>('get', 'node', 'node-1');
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
    const { items } = await kubectl.json<{ items: readonly Pod[] }>(
      'get',
      'pods',
      '-l',
      'app=web',
      '--field-selector=status.phase=Running',
    );
    assert.deepEqual(new Set(items.flatMap(({ spec }) => spec?.containers.map(({ image }) => image))), new Set(['nginx/nginx:v2']));
  });

  test('deletes what is deleted, with all that it owned', async () => {
    await kubectl.ok('delete', 'deployment', 'web');
    await eventually(async () => assert.equal(await kubectl.ok('get', 'pods', '-o', 'name'), ''));
  });
});
