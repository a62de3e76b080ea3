/** Logs, exec, port-forward, `describe` and the STATUS column of real containers. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startCluster, type TestCluster } from '../support/cluster-process.ts';
import { eventually } from '../support/eventually.ts';
import type { Kubectl } from '../support/kubectl.ts';
import { imageFiles, reasonToSkipContainers } from '../support/real-nodes.ts';
import { rows } from '../support/table.ts';

const busybox = (name: string, script: string, more = ''): string => `
apiVersion: v1
kind: Pod
metadata: { name: ${name} }
spec:
  terminationGracePeriodSeconds: 1
  ${more}
  containers: [{ name: main, image: 'busybox:1.36', command: [sh, -c, ${JSON.stringify(script)}] }]
`;

describe('one node', { skip: await reasonToSkipContainers() }, () => {
  let cluster: TestCluster;
  let kubectl: Kubectl;

  before(async () => {
    cluster = await startCluster({ nodes: 1, runtime: 'containerd', images: await imageFiles() });
    kubectl = cluster.kubectl;
  });
  after(() => cluster?.remove());

  const apply = async (manifest: string): Promise<void> => {
    const { code, stderr } = await kubectl.run(['apply', '-f', '-'], { input: manifest });
    assert.equal(code, 0, stderr);
  };
  const statusBecomes = (pod: string, status: string): Promise<void> =>
    eventually(async () => assert.equal(rows(await kubectl.ok('get', 'pod', pod))[0]?.STATUS, status));

  test('logs prints a container’s output, and -f each new line', async () => {
    await apply(busybox('talker', 'i=0; while true; do i=$((i+1)); echo line $i; sleep 1; done'));
    await kubectl.ok('wait', '--for=condition=Ready', 'pod/talker', '--timeout=240s');
    await eventually(async () => assert.match(await kubectl.ok('logs', 'talker'), /^line 1\nline 2\n/));
    assert.match(await kubectl.ok('logs', 'talker', '--tail=1'), /^line \d+\n$/);
    assert.match(await kubectl.ok('logs', 'talker', '--timestamps', '--tail=1'), /^\d{4}-\d\d-\d\dT\S+Z line \d+\n$/);
    const following = kubectl.start(['logs', '-f', 'talker', '--tail=1']);
    await eventually(() => assert.ok(following.output().split('\n').length > 3));
    await following.stop();
  });

  test('exec runs a program, passes its input and its exit code', async () => {
    assert.equal(await kubectl.ok('exec', 'talker', '--', 'echo', 'hello'), 'hello\n');
    const { stdout } = await kubectl.run(['exec', '-i', 'talker', '--', 'cat'], { input: 'from outside\n' });
    assert.equal(stdout, 'from outside\n');
    const { code, stderr } = await kubectl.run(['exec', 'talker', '--', 'sh', '-c', 'exit 7']);
    assert.equal(code, 7);
    assert.match(stderr, /command terminated with exit code 7/);
  });

  test('exec -it gives a terminal', async () => {
    const shell = kubectl.start(['exec', '-it', 'talker', '--', 'sh', '-c', 'test -t 0 && echo a terminal || echo no terminal']);
    const { stdout, stderr } = await shell.ended;
    assert.match(stdout + stderr, /terminal/);
  });

  test('debug joins a pod that runs, and sees its processes', async () => {
    await kubectl.ok('debug', 'talker', '--image=busybox:1.36', '--target=main', '-c', 'looker', '--', 'ps', '-o', 'args');
    await eventually(async () => {
      const state = await kubectl.ok(
        'get',
        'pod',
        'talker',
        '-o',
        'jsonpath={.status.ephemeralContainerStatuses[0].state.terminated.reason}',
      );
      assert.equal(state, 'Completed');
    });
    const seen = await kubectl.ok('logs', 'talker', '-c', 'looker');
    assert.match(seen, /sh -c i=0; while true/);
    assert.match(seen, /\nps -o args\n/);
    assert.equal(rows(await kubectl.ok('get', 'pod', 'talker'))[0]?.READY, '1/1');
  });

  test('debug -i gives a shell beside the containers', async () => {
    const shell = kubectl.start(['debug', '-i', 'talker', '--image=busybox:1.36', '-c', 'shell', '--', 'sh']);
    await eventually(() => assert.match(shell.output(), /If you don't see a command prompt/));
    shell.write('hostname\n');
    await eventually(() => assert.match(shell.output(), /^talker$/m));
    shell.write('exit\n');
    await shell.ended;
  });

  test('port-forward carries HTTP', async () => {
    await kubectl.ok('create', 'deployment', 'web', '--image=nginx/nginx:v1');
    await kubectl.ok('wait', '--for=condition=Available', 'deployment/web', '--timeout=240s');
    const forwarding = kubectl.start(['port-forward', 'deployment/web', ':80']);
    const port = await eventually(() => {
      const match = /127\.0\.0\.1:(\d+) -> 80/.exec(forwarding.output());
      assert.ok(match, forwarding.output());
      return match[1];
    });
    assert.equal(await (await fetch(`http://127.0.0.1:${port}/`)).text(), '<title>nginx v1</title>\n');
    await forwarding.stop();
  });

  test('the STATUS column names the reason why a pod does not run', async () => {
    await apply(busybox('done', 'true', 'restartPolicy: Never'));
    await apply(busybox('failed', 'exit 3', 'restartPolicy: Never'));
    await apply(busybox('crashing', 'exit 1'));
    await kubectl.ok('run', 'absent', '--image=nobody/nothing:v1', '--image-pull-policy=Never');
    await apply(
      busybox('waiting', 'true', 'volumes: [{ name: v, configMap: { name: missing } }]').replace(
        'command:',
        'volumeMounts: [{ name: v, mountPath: /v }], command:',
      ),
    );
    await statusBecomes('done', 'Completed');
    await statusBecomes('failed', 'Error');
    await statusBecomes('crashing', 'CrashLoopBackOff');
    await statusBecomes('absent', 'ErrImageNeverPull');
    await statusBecomes('waiting', 'ContainerCreating');
    assert.match(await kubectl.ok('describe', 'pod', 'crashing'), /Back-off restarting failed container main in pod crashing_default/);
    assert.match(
      await kubectl.ok('describe', 'pod', 'waiting'),
      /MountVolume\.SetUp failed for volume "v" : configmap "missing" not found/,
    );
  });

  test('a pod whose image cannot be pulled has ErrImagePull or ImagePullBackOff as its status', async () => {
    await kubectl.ok('run', 'unpullable', '--image=127.0.0.1:1/nothing:v1');
    await eventually(async () =>
      assert.match(rows(await kubectl.ok('get', 'pod', 'unpullable'))[0]?.STATUS ?? '', /^(ErrImagePull|ImagePullBackOff)$/),
    );
    await kubectl.ok('delete', 'pod', 'unpullable', '--grace-period=0', '--force');
  });

  test('init containers run in turn before the others', async () => {
    await apply(
      busybox('initialised', 'cat /scratch/log; sleep 1000', 'volumes: [{ name: work, emptyDir: {} }]')
        .replace(
          'containers: [{',
          "initContainers:\n  - { name: first, image: 'busybox:1.36', command: [sh, -c, 'echo one >> /scratch/log'], volumeMounts: [{ name: work, mountPath: /scratch }] }\n  - { name: second, image: 'busybox:1.36', command: [sh, -c, 'echo two >> /scratch/log'], volumeMounts: [{ name: work, mountPath: /scratch }] }\n  containers: [{",
        )
        .replace(`command: [sh, -c, "cat`, `volumeMounts: [{ name: work, mountPath: /scratch }], command: [sh, -c, "cat`),
    );
    await kubectl.ok('wait', '--for=condition=Ready', 'pod/initialised', '--timeout=240s');
    assert.equal(await kubectl.ok('logs', 'initialised'), 'one\ntwo\n');
  });

  test('ConfigMaps and Secrets arrive as environment and as files, and files follow changes', async () => {
    await kubectl.ok('create', 'configmap', 'settings', '--from-literal=colour=blue');
    await kubectl.ok('create', 'secret', 'generic', 'password', '--from-literal=word=sesame');
    await apply(`
apiVersion: v1
kind: Pod
metadata: { name: configured }
spec:
  terminationGracePeriodSeconds: 0
  volumes: [{ name: settings, configMap: { name: settings } }, { name: password, secret: { secretName: password } }]
  containers:
  - name: main
    image: busybox:1.36
    command: [sleep, '1000']
    env:
    - { name: COLOUR, valueFrom: { configMapKeyRef: { name: settings, key: colour } } }
    - { name: POD, valueFrom: { fieldRef: { fieldPath: metadata.name } } }
    envFrom: [{ secretRef: { name: password } }]
    volumeMounts: [{ name: settings, mountPath: /settings }, { name: password, mountPath: /password }]
`);
    await kubectl.ok('wait', '--for=condition=Ready', 'pod/configured', '--timeout=240s');
    const read = (script: string): Promise<string> => kubectl.ok('exec', 'configured', '--', 'sh', '-c', script);
    assert.equal(await read('echo $COLOUR $POD $word; cat /settings/colour /password/word'), 'blue configured sesame\nbluesesame');
    await kubectl.ok('patch', 'configmap', 'settings', '-p', '{"data":{"colour":"green"}}');
    await eventually(async () => assert.equal(await read('cat /settings/colour; echo $COLOUR'), 'greenblue\n'));
  });

  test('a failing liveness probe restarts the container', async () => {
    await apply(
      busybox('fading', 'touch /tmp/alive; sleep 3; rm /tmp/alive; sleep 1000').replace(
        'command:',
        'livenessProbe: { exec: { command: [test, -f, /tmp/alive] }, periodSeconds: 1, failureThreshold: 1, initialDelaySeconds: 1 }, command:',
      ),
    );
    await eventually(async () => assert.match(rows(await kubectl.ok('get', 'pod', 'fading'))[0]?.RESTARTS ?? '', /^[1-9]/));
    assert.match(await kubectl.ok('describe', 'pod', 'fading'), /Liveness probe failed/);
  });

  test('an agent that starts again finds what runs and leaves it running', async () => {
    const containers = (): Promise<string> =>
      kubectl.ok('get', 'pods', '-l', 'app=web', '-o', 'jsonpath={.items[*].status.containerStatuses[*].containerID}');
    const before = await containers();
    await cluster.hibernetes('node', 'stop', 'node-1');
    await cluster.hibernetes('node', 'start', 'node-1');
    await eventually(async () => assert.equal(rows(await kubectl.ok('get', 'nodes'))[0]?.STATUS, 'Ready'));
    await kubectl.ok('exec', 'talker', '--', 'true');
    assert.equal(await containers(), before);
  });
});
