/** What a node promises on a machine of its own with systemd: it joins by one line, comes back, is upgraded, and leaves. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { refusedProgramAnnotation, runningProgramAnnotation } from '../../functions/node-protocol/agent-program.ts';
import type { Pod } from '../../functions/kube/generated/types.ts';
import { createBareMachine, createMachine } from './create-machine.ts';
import { podImage } from './image-server.ts';
import { containerOf, deployment, isReady, JoinedNode, podsMsMax, readyMsMax } from './joined-node.ts';
import { releaseNamed } from './releases.ts';
import { tracesOf } from './traces.ts';

const podCount = 10;
const manyPods = 20;
const upgradeMsMax = 10 * 60_000;

const eater = `
apiVersion: v1
kind: Pod
metadata: { name: eater }
spec:
  restartPolicy: Never
  terminationGracePeriodSeconds: 1
  containers:
    - name: shell
      image: ${podImage}
      command: [sh, -c, 'text=a; while :; do text=$text$text; done']
      resources: { limits: { memory: 16Mi } }
`;

/** A machine with nothing that a node needs. */
export function bareMachineJoins(releaseName: string): void {
  describe(`a bare machine of ${releaseName}`, () => {
    let node: JoinedNode;
    before(async () => {
      node = await JoinedNode.start(await createBareMachine(releaseNamed(releaseName)));
    });
    after(async () => node?.remove());

    test('becomes a Ready node by one line, which installs what it lacks', async () => {
      assert.notEqual(await node.machine.run('command -v containerd || echo none'), '/usr/bin/containerd\n');
      await node.join();
      await node.untilReady();
      assert.equal(await node.machine.run('systemctl is-enabled hibernetes-agent'), 'enabled\n');
    });
  });
}

export function nodeOnMachine(releaseName: string): void {
  describe(`a machine of ${releaseName}`, () => {
    let node: JoinedNode;
    let traces: readonly string[];
    before(async () => {
      node = await JoinedNode.start(await createMachine(releaseNamed(releaseName)));
      traces = await tracesOf(node.machine);
    });
    after(async () => node?.remove());

    const run = (command: string): Promise<string> => node.machine.run(command);
    const kubectl = (...words: string[]): Promise<string> => node.cluster.kubectl.ok(...words);
    const annotation = async (name: string): Promise<string | undefined> => (await node.node()).metadata?.annotations?.[name];

    test('runs systemd on the kernel’s one hierarchy of cgroups', async () => {
      assert.equal(await run('stat -f -c %T /sys/fs/cgroup'), 'cgroup2fs\n');
      assert.equal(await run('cat /proc/1/comm'), 'systemd\n');
    });

    test('becomes a Ready node by one line, and stays one if the power fails right after it', async () => {
      await run('sync');
      await node.join();
      await node.machine.cutPower();
      await node.machine.start();
      await node.untilReady();
      assert.equal(await run('systemctl is-enabled hibernetes-agent'), 'enabled\n');
    });

    test('runs ten pods, their limits set, and brings their logs and shells', async () => {
      await node.importImage();
      await node.apply(deployment('web', podCount));
      const [first] = await node.allReady('web', podCount);
      const name = first?.metadata?.name ?? '';
      assert.equal(await kubectl('logs', name), `started ${name}\n`);
      assert.equal(await kubectl('exec', name, '--', 'cat', '/proc/sys/kernel/hostname'), `${name}\n`);
      assert.equal(await kubectl('exec', name, '--', 'cat', '/sys/fs/cgroup/memory.max'), `${24 * 1024 ** 2}\n`);
    });

    test('measures its containers, and resizes one while it runs', async () => {
      const [first] = await node.pods('web');
      const name = first?.metadata?.name ?? '';
      const measured = await kubectl('get', '--raw', '/api/v1/nodes/machine/proxy/metrics/resource');
      assert.match(measured, new RegExp(`container_memory_working_set_bytes\\{[^}]*pod="${name}"[^}]*\\} [1-9]`));
      assert.match(measured, /\nnode_memory_working_set_bytes [1-9]/);
      const resources = { limits: { memory: '32Mi', cpu: '300m' }, requests: { memory: '16Mi', cpu: '20m' } };
      const patch = JSON.stringify({ spec: { containers: [{ name: 'shell', resources }] } });
      await kubectl('patch', 'pod', name, '--subresource', 'resize', '--patch', patch);
      await node.until(podsMsMax, async () =>
        assert.equal(
          await kubectl('exec', name, '--', 'cat', '/sys/fs/cgroup/memory.max', '/sys/fs/cgroup/cpu.max'),
          `${32 * 1024 ** 2}\n30000 100000\n`,
        ),
      );
      assert.equal(containerOf(await node.cluster.kubectl.json<Pod>('get', 'pod', name)), containerOf(first as Pod));
    });

    test('reports a container that the kernel ended for its memory', async () => {
      await node.apply(eater);
      await node.until(podsMsMax, async () => {
        const { status } = await node.cluster.kubectl.json<Pod>('get', 'pod', 'eater');
        assert.equal(status?.containerStatuses?.[0]?.state?.terminated?.reason, 'OOMKilled');
      });
      await kubectl('delete', 'pod', 'eater');
    });

    test('keeps its pods while containerd is stopped and started', async () => {
      const earlier = await node.pods('web');
      await run('systemctl stop containerd && systemctl start containerd');
      await node.until(podsMsMax, async () => {
        const name = earlier[0]?.metadata?.name ?? '';
        assert.equal(await kubectl('exec', name, '--', 'echo', 'here'), 'here\n');
      });
      assert.deepEqual((await node.pods('web')).map(containerOf), earlier.map(containerOf));
      assert.equal(await run('systemctl is-active hibernetes-agent'), 'active\n');
    });

    test('a node stays Ready and answers when its clock is set', async () => {
      for (const step of ['+2 hours', '2 hours ago']) {
        await run(`date -s '${step}'`);
        await node.until(readyMsMax, async () => {
          const name = (await node.pods('web'))[0]?.metadata?.name ?? '';
          assert.equal(await kubectl('exec', name, '--', 'echo', 'here'), 'here\n');
        });
        await node.untilReady();
      }
    });

    test('gets another version of its agent while twenty pods run on in the same processes', async () => {
      await kubectl('scale', 'deployment', 'web', `--replicas=${manyPods}`);
      await node.allReady('web', manyPods);
      const before = await node.processes();
      await run("printf '// An older one.\\n' >> /opt/hibernetes/agent.mjs && systemctl restart hibernetes-agent");
      const older = (await run('sha256sum /opt/hibernetes/agent.mjs')).split(' ')[0];
      await node.until(readyMsMax, async () => assert.equal(await annotation(runningProgramAnnotation), older));
      assert.match(await node.cluster.hibernetes('upgrade', 'agents'), /^✓ Upgrading the agent of machine from /);
      assert.notEqual(await annotation(runningProgramAnnotation), older);
      assert.equal(await node.processes(), before);
      assert.equal(before.trimEnd().split('\n').length, 1 + 2 * manyPods);
    });

    test('goes back to the agent before when a new one does not start, and its pods run on', async () => {
      const before = await node.processes();
      const breaking = [
        'cd /opt/hibernetes && cp agent.mjs agent.mjs.previous',
        "echo 'process.exit(9)' > agent.mjs && echo 0 > agent.mjs.trial",
        'systemctl restart hibernetes-agent',
      ];
      const broken = (await run(`${breaking.join(' && ')}; sha256sum agent.mjs`)).split(' ')[0];
      await node.until(upgradeMsMax, async () => {
        assert.equal(await annotation(refusedProgramAnnotation), broken);
        assert.ok(isReady(await node.node()));
      });
      assert.equal(await node.processes(), before);
    });

    test('has its pods back after a reboot', async () => {
      await kubectl('scale', 'deployment', 'web', `--replicas=${podCount}`);
      const earlier = await node.allReady('web', podCount);
      await node.machine.reboot();
      await node.allBack(earlier);
    });

    test('has its pods back after a power cut, and those that were starting', async () => {
      const earlier = await node.pods('web');
      await node.apply(deployment('late', 3));
      await node.until(podsMsMax, async () =>
        assert.ok((await node.pods('late')).some(({ status }) => (status?.containerStatuses ?? []).length > 0)),
      );
      await node.machine.cutPower();
      await node.machine.start();
      await node.allBack(earlier);
      await node.allReady('late', 3);
    });

    test('leaves by one command, and nothing of the node is left', async () => {
      await kubectl('delete', 'deployment', 'web', 'late', '--wait=false');
      await node.machine.run('hibernetes leave --grace 60', upgradeMsMax);
      const { stderr } = await node.cluster.kubectl.run(['get', 'node', 'machine']);
      assert.match(stderr, /nodes "machine" not found/);
      const before = new Set(traces);
      assert.deepEqual(
        (await tracesOf(node.machine)).filter((line) => !before.has(line)),
        [],
      );
    });
  });
}
