/**
 * kubectl logs where the client's process never meets the agent's. Each environment of the API serves one request at a
 * time. So the poll, the client and the chunks between them are always in different processes, most of them just
 * started.
 */
import { defaultNetworks } from '../../functions/kube/cluster-networks.ts';
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { dataDirectory } from '../../infra/local/data-directory.ts';
import { startCluster, type Cluster } from '../../infra/local/start-cluster.ts';
import { eventually } from '../support/eventually.ts';
import { kubectlFor, type Kubectl, isNewWording } from '../support/kubectl.ts';
import { imageFiles, reasonToSkipContainers } from '../support/real-nodes.ts';

const pod = (name: string, script: string, image = 'busybox:1.36', restartPolicy = 'Always'): string => `
apiVersion: v1
kind: Pod
metadata: { name: ${name} }
spec:
  terminationGracePeriodSeconds: 1
  restartPolicy: ${restartPolicy}
  containers: [{ name: main, image: '${image}', imagePullPolicy: IfNotPresent, command: [sh, -c, ${JSON.stringify(script)}] }]
`;
const longLines = 30_000;
const longLine = (index: number): string => `${String(index).padStart(100, '0')}\n`;
const manifest = [
  pod('talker', 'i=0; while true; do i=$((i+1)); echo line $i; sleep 1; done'),
  pod('sayer', 'echo first; sleep 8; echo last', undefined, 'Never'),
  pod('crasher', 'echo before the end; exit 3'),
  // Below the size at which a log is rotated.
  pod('writer', `awk 'BEGIN { for (i = 1; i <= ${longLines}; i += 1) printf "%0100d\\n", i }'; sleep 100000`),
  pod('imageless', 'true', 'registry.invalid/none:1'),
].join('---');

describe('logs through the mailbox', { skip: await reasonToSkipContainers() }, () => {
  const root = mkdtempSync(join(tmpdir(), 'hibernetes-logs-'));
  let cluster: Cluster | undefined;
  let kubectl: Kubectl;

  before(async () => {
    const directory = dataDirectory(root);
    cluster = await startCluster({
      directory,
      listen: { host: '127.0.0.1', port: 0 },
      nodes: 1,
      runtime: 'containerd',
      cloud: 'local',
      choices: {},
      networks: defaultNetworks,
      faults: { requestsMax: 1 },
      images: await imageFiles(),
      progress: { step: (_title, work) => work() },
    });
    kubectl = kubectlFor(directory.kubeconfig, join(root, 'kubectl'));
    const { code, stderr } = await kubectl.run(['apply', '-f', '-'], { input: manifest });
    assert.equal(code, 0, stderr);
    await kubectl.ok('wait', '--for=condition=Ready', 'pod/talker', 'pod/writer', '--timeout=240s');
  });
  after(async () => {
    await cluster?.stop();
    rmSync(root, { recursive: true, force: true });
  });

  const refused = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await kubectl.run(['logs', ...args]);
    assert.deepEqual([code, stdout], [1, '']);
    return stderr.trim();
  };

  test('kubectl logs prints a container’s output, cut by --tail, --limit-bytes and --since', async () => {
    await eventually(async () => assert.match(await kubectl.ok('logs', 'talker'), /^line 1\nline 2\nline 3\n/));
    assert.match(await kubectl.ok('logs', 'talker', '--tail=1'), /^line \d+\n$/);
    assert.match(await kubectl.ok('logs', 'talker', '--timestamps', '--tail=1'), /^\d{4}-\d\d-\d\dT\S+Z line \d+\n$/);
    assert.equal(await kubectl.ok('logs', 'talker', '-c', 'main', '--limit-bytes=9'), 'line 1\nli');
    assert.doesNotMatch(await kubectl.ok('logs', 'talker', '--since=2s'), /^line 1\n/);
  });

  test('a long log comes whole', async () => {
    await eventually(async () => assert.equal(await kubectl.ok('logs', 'writer', '--tail=1'), longLine(longLines)));
    const text = await kubectl.ok('logs', 'writer');
    assert.ok(text === Array.from({ length: longLines }, (_, index) => longLine(index + 1)).join(''));
  });

  test('logs -f prints new lines within seconds, and ends when the container does', async () => {
    const following = kubectl.start(['logs', '-f', 'talker', '--tail=1']);
    await eventually(() => assert.match(following.output(), /^line \d+\nline \d+\nline \d+\nline \d+\n/));
    assert.equal((await kubectl.ok('logs', 'sayer', '-f')).split('\n')[0], 'first');
    assert.equal(await kubectl.ok('logs', 'sayer'), 'first\nlast\n');
    const [first = 0, ...rest] = following
      .output()
      .trim()
      .split('\n')
      .map((line) => Number(line.split(' ')[1]));
    assert.deepEqual(
      rest,
      rest.map((_, index) => first + 1 + index),
      'each line once, in order',
    );
    await following.stop();
  });

  test('--previous prints the end of the one before', async () => {
    assert.equal(
      await refused('talker', '--previous'),
      'Error from server (BadRequest): previous terminated container "main" in pod "talker" not found',
    );
    await eventually(async () => assert.equal(await kubectl.ok('logs', 'crasher', '--previous'), 'before the end\n'));
  });

  test('what cannot be had is refused in upstream’s words', async () => {
    assert.equal(
      await refused('talker', '-c', 'other'),
      `error: container other is not valid for pod talker${isNewWording() ? ' out of: main' : ''}`,
    );
    assert.equal(await refused('nobody'), 'error: error from server (NotFound): pods "nobody" not found in namespace "default"');
    await eventually(async () =>
      assert.match(
        await refused('imageless'),
        /^Error from server \(BadRequest\): container "main" in pod "imageless" is waiting to start: (image can't be pulled|trying and failing to pull image)$/,
      ),
    );
  });

  test('many can read at once', async () => {
    const read = await Promise.all(Array.from({ length: 3 }, () => kubectl.ok('logs', 'writer', '--tail=1')));
    assert.deepEqual(read, Array<string>(3).fill(longLine(longLines)));
  });
});
