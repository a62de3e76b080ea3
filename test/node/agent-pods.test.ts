/** Pods on a real containerd, with an agent that runs as it does on a node. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import type { Container, Pod, PodSpec } from '../../functions/kube/generated/types.ts';
import { canRunContainers } from '../../infra/local/hosts/can-run-containers.ts';
import { agentNode, type AgentNode } from '../support/agent-node.ts';
import { eventually } from '../support/eventually.ts';

const can = await canRunContainers();
const busybox = 'docker.io/library/busybox:1.36';

const shell = (script: string, more: Partial<Container> = {}): Container => ({
  name: 'main',
  image: busybox,
  imagePullPolicy: 'IfNotPresent',
  command: ['sh', '-c', script],
  ...more,
});

let uids = 0;
const pod = (name: string, spec: PodSpec): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'default', uid: `uid-${name}-${(uids += 1)}`, labels: { app: name }, generation: 1 },
  spec: { nodeName: 'node-a', restartPolicy: 'Always', terminationGracePeriodSeconds: 2, ...spec },
  status: { phase: 'Pending', qosClass: 'BestEffort', conditions: [{ type: 'PodScheduled', status: 'True' }] },
});

describe('an agent', { skip: can.ok ? false : can.why }, () => {
  let node: AgentNode;
  before(async () => {
    node = await agentNode('10.201.7.0/24');
    node.startAgent();
  });
  after(() => node.close());

  const phase = (name: string, wanted: string): Promise<Pod> =>
    eventually(() => {
      const found = node.api.pod(name);
      assert.equal(found?.status?.phase, wanted, JSON.stringify(found?.status?.containerStatuses?.map(({ state }) => state)));
      return found!;
    });
  const isReady = (name: string): Promise<Pod> =>
    eventually(() => {
      const found = node.api.pod(name);
      const ready = found?.status?.conditions?.find(({ type }) => type === 'Ready');
      assert.equal(ready?.status, 'True', JSON.stringify({ ready, containers: found?.status?.containerStatuses }));
      return found!;
    });

  test('makes its node known and Ready', async () => {
    await eventually(() => {
      const condition = node.api.node()?.status?.conditions?.find(({ type }) => type === 'Ready');
      assert.equal(condition?.status, 'True', `${JSON.stringify(condition)} ${readFileSync(node.logFile, 'utf8').slice(-2000)}`);
    });
    assert.match(node.api.node()!.status!.nodeInfo!.containerRuntimeVersion, /^containerd:\/\/1\.\d+\.\d+$/);
  });

  test('runs init containers, then all containers, with files, variables and volumes', async () => {
    node.api.put({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'settings', namespace: 'default', uid: 'u1' },
      data: { color: 'blue' },
    } as never);
    node.api.put({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'key', namespace: 'default', uid: 'u2' },
      data: { token: 'c2VjcmV0' },
    } as never);
    node.api.put(
      pod('full', {
        initContainers: [
          shell('echo from-init > /shared/file', { name: 'init', volumeMounts: [{ name: 'shared', mountPath: '/shared' }] }),
        ],
        containers: [
          shell(
            'echo $COLOR $(POD) $(cat /shared/file) $(cat /config/color) $(cat /secret/token); hostname; cat /etc/resolv.conf; sleep 1000',
            {
              env: [
                { name: 'COLOR', valueFrom: { configMapKeyRef: { name: 'settings', key: 'color' } } },
                { name: 'POD', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
              ],
              volumeMounts: [
                { name: 'shared', mountPath: '/shared' },
                { name: 'config', mountPath: '/config' },
                { name: 'secret', mountPath: '/secret' },
              ],
            },
          ),
          shell('sleep 1000', { name: 'other' }),
        ],
        volumes: [
          { name: 'shared', emptyDir: {} },
          { name: 'config', configMap: { name: 'settings' } },
          { name: 'secret', secret: { secretName: 'key' } },
        ],
      }),
    );
    const ready = await isReady('full');
    assert.match(ready.status!.podIP!, /^10\.201\.7\.\d+$/);
    assert.equal(ready.status!.initContainerStatuses![0]!.state!.terminated!.reason, 'Completed');
    const log = await node.api.log('full', 'container=main');
    assert.deepEqual(log.text.split('\n').slice(0, 4), [
      'blue full from-init blue secret',
      'full',
      'search default.svc.cluster.local svc.cluster.local cluster.local',
      'nameserver 169.254.20.10',
    ]);
    const tail = await node.api.log('full', 'container=main&tailLines=1&timestamps=true');
    assert.match(tail.text, /^\d{4}-.*Z options ndots:5\n$/);
    assert.deepEqual(
      node.api.events('full').filter((text) => !text.startsWith('Pulled')),
      [
        'Created Container created',
        'Started Container started',
        'Created Container created',
        'Started Container started',
        'Created Container created',
        'Started Container started',
      ],
    );
  });

  test('keeps the files of a ConfigMap up to date while the pod runs', async () => {
    node.api.put(
      pod('follower', {
        containers: [
          shell('while true; do echo $(cat /config/color); sleep 0.2; done', { volumeMounts: [{ name: 'config', mountPath: '/config' }] }),
        ],
        volumes: [{ name: 'config', configMap: { name: 'settings' } }],
      }),
    );
    await isReady('follower');
    node.api.put({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'settings', namespace: 'default', uid: 'u1' },
      data: { color: 'green' },
    } as never);
    await eventually(async () => {
      const { text } = await node.api.log('follower', 'container=main&limitBytes=100000');
      assert.ok(text.endsWith('green\n'), text.slice(-20));
    });
    node.api.deletePod('follower', 0);
  });

  test('volumes of memory are as large as they may be, parts of volumes can be mounted alone', async () => {
    const script = [
      'dd if=/dev/zero of=/scratch/big bs=1M count=8 2>&1 | grep -o "No space left on device"',
      'ls /scratch; df -t tmpfs /secret /facts > /dev/null && echo in memory',
      'cat /one/deep/color; echo; cat /facts/name; echo; ls /part; touch /part/new && ls /whole/part',
      'stat -c %a /part; touch /whole/x 2>&1 | grep -o "Read-only file system"; sleep 1000',
    ].join('; ');
    node.api.put(
      pod('volumes', {
        containers: [
          shell(script, {
            volumeMounts: [
              { name: 'scratch', mountPath: '/scratch' },
              { name: 'secret', mountPath: '/secret' },
              { name: 'facts', mountPath: '/facts' },
              { name: 'config', mountPath: '/one' },
              { name: 'work', mountPath: '/part', subPath: 'part' },
              { name: 'work', mountPath: '/whole', readOnly: true },
            ],
          }),
        ],
        volumes: [
          { name: 'scratch', emptyDir: { medium: 'Memory', sizeLimit: '4Mi' } },
          { name: 'secret', secret: { secretName: 'key' } },
          { name: 'facts', downwardAPI: { items: [{ path: 'name', fieldRef: { fieldPath: 'metadata.name' } }] } },
          { name: 'config', configMap: { name: 'settings', items: [{ key: 'color', path: 'deep/color' }] } },
          { name: 'work', emptyDir: {} },
        ],
      }),
    );
    await isReady('volumes');
    await eventually(async () => {
      const { text } = await node.api.log('volumes', 'container=main');
      assert.equal(text, 'No space left on device\nbig\nin memory\ngreen\nvolumes\nnew\n777\nRead-only file system\n');
    });
    node.api.deletePod('volumes', 0);
    await eventually(() => assert.equal(node.api.pod('volumes'), undefined));
  });

  test('the node lists its images', async () => {
    await eventually(() => {
      const names = node.api.node()!.status!.images!.flatMap((image) => image.names ?? []);
      assert.ok(names.includes(busybox), names.join(' '));
    });
  });

  test('a pod waits for a ConfigMap that is missing, and its event names the ConfigMap', async () => {
    node.api.put(
      pod('waiter', {
        containers: [shell('sleep 1000', { volumeMounts: [{ name: 'late', mountPath: '/late' }] })],
        volumes: [{ name: 'late', configMap: { name: 'late' } }],
      }),
    );
    await eventually(() => {
      assert.ok(node.api.events('waiter').includes('FailedMount MountVolume.SetUp failed for volume "late" : configmap "late" not found'));
      assert.equal(node.api.pod('waiter')!.status!.containerStatuses![0]!.state!.waiting!.reason, 'ContainerCreating');
    });
    assert.deepEqual(
      await node.api.log('waiter', 'container=main').then(({ code, text }) => [code, (JSON.parse(text) as { message: string }).message]),
      [400, 'container "main" in pod "waiter" is waiting to start: ContainerCreating'],
    );
    node.api.put({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'late', namespace: 'default', uid: 'u3' }, data: {} } as never);
    await isReady('waiter');
    node.api.deletePod('waiter', 0);
  });

  test('restarts what fails, and waits longer each time', async () => {
    node.api.put(pod('crasher', { containers: [shell('echo last words > /dev/termination-log; exit 3')] }));
    const crashed = await eventually(() => {
      const found = node.api.pod('crasher')!;
      assert.equal(found.status!.containerStatuses?.[0]?.state?.waiting?.reason, 'CrashLoopBackOff', JSON.stringify(found.status));
      return found;
    });
    const status = crashed.status!.containerStatuses![0]!;
    assert.equal(status.restartCount, 1);
    assert.equal(status.lastState!.terminated!.exitCode, 3);
    assert.equal(status.lastState!.terminated!.message, 'last words\n');
    assert.equal(
      status.state!.waiting!.message,
      `back-off 10s restarting failed container=main pod=crasher_default(${crashed.metadata.uid})`,
    );
    node.api.deletePod('crasher', 0);
    await eventually(() => assert.equal(node.api.pod('crasher'), undefined));
  });

  test('ends pods whose containers are done', async () => {
    node.api.put(pod('done', { restartPolicy: 'Never', containers: [shell('exit 0')] }));
    node.api.put(pod('failed', { restartPolicy: 'Never', containers: [shell('exit 4')] }));
    node.api.put(
      pod('hog', {
        restartPolicy: 'Never',
        containers: [shell('dd if=/dev/zero of=/dev/null bs=200M count=1', { resources: { limits: { memory: '16Mi' } } })],
      }),
    );
    assert.equal((await phase('done', 'Succeeded')).status!.containerStatuses![0]!.state!.terminated!.reason, 'Completed');
    assert.equal((await phase('failed', 'Failed')).status!.containerStatuses![0]!.state!.terminated!.exitCode, 4);
    const hog = (await phase('hog', 'Failed')).status!.containerStatuses![0]!.state!.terminated!;
    assert.ok(hog.reason === 'OOMKilled' || hog.exitCode !== 0, JSON.stringify(hog));
    for (const name of ['done', 'failed', 'hog']) node.api.deletePod(name, 0);
  });

  test('does not start what is not there', async () => {
    node.api.put(pod('absent', { containers: [shell('true', { image: 'docker.io/library/absent:v1', imagePullPolicy: 'Never' })] }));
    await eventually(() => {
      const waiting = node.api.pod('absent')!.status!.containerStatuses?.[0]?.state?.waiting;
      assert.deepEqual(waiting, {
        reason: 'ErrImageNeverPull',
        message: 'Container image "docker.io/library/absent:v1" is not present with pull policy of Never',
      });
    });
    node.api.put(
      pod('misconfigured', {
        containers: [shell('true', { env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 'nothing', key: 'a' } } }] })],
      }),
    );
    await eventually(() => {
      const waiting = node.api.pod('misconfigured')!.status!.containerStatuses?.[0]?.state?.waiting;
      assert.deepEqual(waiting, { reason: 'CreateContainerConfigError', message: 'secret "nothing" not found' });
    });
    node.api.put(pod('nocommand', { containers: [shell('', { command: ['/no/such/file'] })] }));
    await eventually(() => {
      const status = node.api.pod('nocommand')!.status!.containerStatuses?.[0];
      assert.equal(status?.state?.waiting?.reason, 'RunContainerError', JSON.stringify(status));
      assert.equal(status?.lastState?.terminated?.exitCode, 128);
    });
    for (const name of ['absent', 'misconfigured', 'nocommand']) node.api.deletePod(name, 0);
  });

  test('probes: ready when asked well, restarted when not alive', async () => {
    node.api.put(
      pod('probed', {
        containers: [
          shell('touch /tmp/alive; httpd -p 8080 -h /tmp; sleep 6; rm /tmp/alive; sleep 1000', {
            readinessProbe: { httpGet: { path: '/alive', port: 8080 }, periodSeconds: 1, failureThreshold: 1 },
            livenessProbe: { exec: { command: ['cat', '/tmp/alive'] }, periodSeconds: 1, failureThreshold: 2 },
            startupProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1 },
          }),
        ],
      }),
    );
    await isReady('probed');
    await eventually(() => {
      assert.equal(node.api.pod('probed')!.status!.containerStatuses![0]!.restartCount, 1);
      const events = node.api.events('probed');
      assert.ok(
        events.includes("Unhealthy Liveness probe failed: cat: can't open '/tmp/alive': No such file or directory\n"),
        events.join('\n'),
      );
      assert.ok(events.includes('Unhealthy Readiness probe failed: HTTP probe failed with statuscode: 404'), events.join('\n'));
      assert.ok(events.includes('Killing Container main failed liveness probe, will be restarted'), events.join('\n'));
    });
    node.api.deletePod('probed', 1);
  });

  test('ends gracefully: preStop, SIGTERM, then nothing is left', async () => {
    node.api.put(
      pod('graceful', {
        containers: [
          shell("trap 'echo told to end; exit 0' TERM; while true; do sleep 0.1; done", {
            lifecycle: { preStop: { exec: { command: ['sh', '-c', 'echo before > /proc/1/fd/1'] } } },
          }),
        ],
      }),
    );
    const { metadata } = await isReady('graceful');
    const log = eventually(async () => {
      const { text } = await node.api.log('graceful', 'container=main&follow=true');
      assert.equal(text, 'before\ntold to end\n');
    });
    await eventually(() => assert.ok(node.api.polls() > 0));
    node.api.deletePod('graceful', 5);
    await log;
    await eventually(() => assert.equal(node.api.pod('graceful'), undefined));
    await eventually(async () => assert.equal(await listed(metadata.uid!), ''));
    assert.ok(node.api.events('graceful').includes('Killing Stopping container main'));
  });

  const listed = async (uid: string): Promise<string> => {
    const containers = await node.host.run(['ctr', '--address', node.containerd.socket, '--namespace', 'k8s.io', 'containers', 'list']);
    return [containers, readdirText()]
      .join('\n')
      .split('\n')
      .filter((line) => line.includes(uid))
      .join('\n');
  };
  const readdirText = (): string => readFileSync('/proc/self/mountinfo', 'utf8');

  const websocket: readonly (readonly [string, string])[] = [
    ['connection', 'Upgrade'],
    ['upgrade', 'websocket'],
    ['sec-websocket-key', 'dGhlIHNhbXBsZSBub25jZQ=='],
    ['sec-websocket-version', '13'],
    ['sec-websocket-protocol', 'v4.channel.k8s.io'],
  ];
  const outputOf = async (name: string, query: string): Promise<string> => {
    const socket = await node.api.connect(name, { subresource: 'exec', method: 'GET', query, headers: websocket });
    const chunks: Buffer[] = [];
    for await (const chunk of socket) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks).toString('latin1');
  };

  test('carries exec to the container, and a refusal to the client', async () => {
    const answer = await outputOf('full', 'container=main&command=sh&command=-c&command=echo+hi+%3B+exit+3&stdout=true&stderr=true');
    assert.match(answer, /^HTTP\/1\.1 101 /);
    assert.ok(answer.includes('hi\n'), answer);
    assert.ok(answer.includes('"reason":"NonZeroExitCode"'), answer);
    const refused = await outputOf('full', 'container=absent&command=true&stdout=true');
    assert.match(refused, /^HTTP\/1\.1 400 /);
    assert.ok(refused.includes('container not found (\\"absent\\")'), refused);
  });

  test('a new agent adopts what runs, and ends what is wanted no more', async () => {
    node.api.put(pod('unwanted', { containers: [shell('sleep 1000')] }));
    await isReady('unwanted');
    const before = (await isReady('full')).status!.containerStatuses!;
    await node.stopAgent();
    node.api.remove('Pod', 'unwanted');
    node.startAgent();
    const polls = node.api.polls();
    await eventually(() => assert.ok(node.api.polls() > polls, readFileSync(node.logFile, 'utf8').slice(-3000)));
    await isReady('full');
    assert.deepEqual(node.api.pod('full')!.status!.containerStatuses, before);
    await eventually(async () => assert.equal((await sandboxes()).includes('unwanted'), false));
  });

  const sandboxes = async (): Promise<string> => {
    const text = await node.host.run(['ctr', '--address', node.containerd.socket, '--namespace', 'k8s.io', 'containers', 'list', '-q']);
    const infos = await Promise.all(
      text
        .split('\n')
        .filter((id) => id !== '')
        .map((id) => node.host.run(['ctr', '--address', node.containerd.socket, '--namespace', 'k8s.io', 'containers', 'info', id])),
    );
    return infos.join('\n');
  };

  test('a sandbox that died is made anew', async () => {
    const before = node.api.pod('full')!.status!;
    const tasks = await node.host.run(['ctr', '--address', node.containerd.socket, '--namespace', 'k8s.io', 'tasks', 'list']);
    const filter = `labels."io.kubernetes.pod.uid"==${node.api.pod('full')!.metadata.uid},labels."io.cri-containerd.kind"==sandbox`;
    const id = (
      await node.host.run(['ctr', '--address', node.containerd.socket, '--namespace', 'k8s.io', 'containers', 'list', '-q', filter])
    ).trim();
    const line = tasks.split('\n').find((text) => text.startsWith(id))!;
    process.kill(Number(line.split(/\s+/)[1]), 'SIGKILL');
    await eventually(() => {
      const status = node.api.pod('full')!.status!;
      assert.equal(
        status.containerStatuses!.every(({ restartCount, ready }) => restartCount === 1 && ready),
        true,
        JSON.stringify(status.containerStatuses),
      );
      assert.notEqual(status.podIP, before.podIP);
    });
    assert.ok(node.api.events('full').includes('SandboxChanged Pod sandbox changed, it will be killed and re-created.'));
  });
});
