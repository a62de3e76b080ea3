/** What a node promises on a machine of its own with systemd: it joins by the documented command, and it comes back. */
import assert from 'node:assert/strict';
import { hostname } from 'node:os';
import { after, before, describe, test } from 'node:test';
import type { Node, Pod } from '../../functions/kube/generated/types.ts';
import { startCluster, type TestCluster } from '../support/cluster-process.ts';
import { eventually } from '../support/eventually.ts';
import { podImage, serveImage, type ImageServer } from './image-server.ts';
import { createMachine, hostAddress, type Machine } from './machine.ts';
import { releaseNamed } from './releases.ts';

const podCount = 10;
/** Times of an emulated processor that others use as well; each is some three times what two quiet cores take. */
const joinMsMax = 10 * 60_000;
const readyMsMax = 10 * 60_000;
const podsMsMax = 15 * 60_000;

const deployment = (name: string, replicas: number): string => `
apiVersion: apps/v1
kind: Deployment
metadata: { name: ${name} }
spec:
  replicas: ${replicas}
  selector: { matchLabels: { app: ${name} } }
  template:
    metadata: { labels: { app: ${name} } }
    spec:
      terminationGracePeriodSeconds: 1
      # An emulated machine may take longer to start than nodes are waited for.
      tolerations: [{ operator: Exists, effect: NoExecute }]
      containers:
        - name: shell
          image: ${podImage}
          command: [sh, -c, 'echo started $HOSTNAME; trap "exit 0" TERM; while :; do sleep 1000 & wait; done']
          resources: { limits: { memory: 24Mi, cpu: 250m }, requests: { cpu: 10m, memory: 8Mi } }
`;

const isReady = ({ status }: Pod | Node): boolean =>
  (status?.conditions ?? []).some(({ type, status: value }) => type === 'Ready' && value === 'True');
const containerOf = ({ status }: Pod): string | undefined => status?.containerStatuses?.[0]?.containerID;

export function nodeOnMachine(releaseName: string): void {
  describe(`a machine of ${releaseName}`, () => {
    let cluster: TestCluster;
    let machine: Machine;
    let images: ImageServer;

    before(async () => {
      machine = await createMachine(releaseNamed(releaseName));
      images = await serveImage();
      cluster = await startCluster({ nodes: 0, runtime: 'simulated' });
      await machine.start();
    });
    after(async () => {
      await cluster?.remove();
      await machine?.remove();
      images?.close();
    });

    const node = (): Promise<Node> => cluster.kubectl.json<Node>('get', 'node', 'machine');
    const pods = async (app: string): Promise<readonly Pod[]> =>
      (await cluster.kubectl.json<{ items: Pod[] }>('get', 'pods', '-l', `app=${app}`)).items;
    const apply = async (text: string): Promise<void> => {
      const { code, stderr } = await cluster.kubectl.run(['apply', '-f', '-'], { input: text });
      assert.equal(code, 0, stderr);
    };

    /** Waits until the world is so; else says what the machine and the cluster know. */
    async function until(msMax: number, check: () => Promise<void>): Promise<void> {
      try {
        await eventually(check, msMax);
      } catch (error) {
        const known = [
          () => cluster.kubectl.ok('get', 'nodes,pods', '-o', 'wide'),
          () => cluster.kubectl.ok('get', 'events', '--sort-by=.lastTimestamp'),
          () => machine.run('journalctl --no-pager -n 60 -u hibernetes-agent -u containerd; systemctl --failed --no-pager'),
        ];
        for (const ask of known) process.stderr.write(`${await ask().catch(String)}\n`);
        process.stderr.write(`${machine.consoleTail()}\n`);
        throw error;
      }
    }

    const allReady = async (app: string, count: number): Promise<readonly Pod[]> => {
      let found: readonly Pod[] = [];
      await until(podsMsMax, async () => {
        found = await pods(app);
        assert.deepEqual([found.length, found.filter(isReady).length], [count, count]);
      });
      return found;
    };

    /**
     * The same pods, each with another container. Their counts of restarts may stand still: what containerd had not flushed of
     * its own records is lost with the power.
     */
    const allBack = async (earlier: readonly Pod[]): Promise<void> => {
      const before = new Map(earlier.map((pod) => [pod.metadata?.uid, containerOf(pod)]));
      await until(podsMsMax, async () => {
        const now = (await pods('web')).filter(
          (pod) => isReady(pod) && before.has(pod.metadata?.uid) && containerOf(pod) !== before.get(pod.metadata?.uid),
        );
        assert.equal(now.length, before.size);
      });
    };

    test('runs systemd on the kernel’s one hierarchy of cgroups', async () => {
      assert.equal(await machine.run('stat -f -c %T /sys/fs/cgroup'), 'cgroup2fs\n');
      assert.equal(await machine.run('cat /proc/1/comm'), 'systemd\n');
    });

    test('becomes a Ready node by one line, which installs what the machine lacks, and stays one if the power fails right after', async () => {
      // What a network's name server would do: the server's certificate names the host.
      await machine.run(`echo '${hostAddress} ${hostname()}' >> /etc/hosts; sync`);
      const [, line = ''] = (await cluster.hibernetes('token', 'create', '--ttl', '1h')).split('\n');
      assert.match(line, /^curl -sfL .* https:\/\/127\.0\.0\.1:\d+\/join\.sh \| sh -s - --token /);
      await machine.run(line.replace('127.0.0.1', hostname()), joinMsMax);
      await machine.cutPower();
      await machine.start();
      await until(readyMsMax, async () => assert.ok(isReady(await node())));
      assert.equal(await machine.run('systemctl is-enabled hibernetes-agent'), 'enabled\n');
    });

    test('runs ten pods, their limits set, and brings their logs and shells', async () => {
      await machine.run(`curl -sf http://${hostAddress}:${images.port}/ -o /tmp/image.tar && ctr -n k8s.io images import /tmp/image.tar`);
      await apply(deployment('web', podCount));
      const [first] = await allReady('web', podCount);
      const name = first?.metadata?.name ?? '';
      assert.equal(await cluster.kubectl.ok('logs', name), `started ${name}\n`);
      assert.equal(await cluster.kubectl.ok('exec', name, '--', 'cat', '/proc/sys/kernel/hostname'), `${name}\n`);
      assert.equal(await cluster.kubectl.ok('exec', name, '--', 'cat', '/sys/fs/cgroup/memory.max'), `${24 * 1024 ** 2}\n`);
    });

    test('keeps its pods while containerd is stopped and started', async () => {
      const earlier = await pods('web');
      await machine.run('systemctl stop containerd && systemctl start containerd');
      await until(podsMsMax, async () => {
        const name = earlier[0]?.metadata?.name ?? '';
        assert.equal(await cluster.kubectl.ok('exec', name, '--', 'echo', 'here'), 'here\n');
      });
      assert.deepEqual((await pods('web')).map(containerOf), earlier.map(containerOf));
      assert.equal(await machine.run('systemctl is-active hibernetes-agent'), 'active\n');
    });

    test('has its pods back after a reboot', async () => {
      const earlier = await pods('web');
      await machine.reboot();
      await allBack(earlier);
    });

    test('has its pods back after a power cut, and those that were starting', async () => {
      const earlier = await pods('web');
      await apply(deployment('late', 3));
      await until(podsMsMax, async () =>
        assert.ok((await pods('late')).some(({ status }) => (status?.containerStatuses ?? []).length > 0)),
      );
      await machine.cutPower();
      await machine.start();
      await allBack(earlier);
      await allReady('late', 3);
    });
  });
}
