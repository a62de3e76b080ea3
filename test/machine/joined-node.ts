/** A virtual machine beside a control plane on the host, and what tests ask of both. */
import assert from 'node:assert/strict';
import { hostname } from 'node:os';
import type { Node, Pod } from '../../functions/kube/generated/types.ts';
import { startCluster, type TestCluster } from '../support/cluster-process.ts';
import { eventually } from '../support/eventually.ts';
import { serveImage, podImage, type ImageServer } from './image-server.ts';
import { hostAddress, type Machine } from './machine.ts';

/** Times of an emulated processor that others use as well; each is some three times what two quiet cores take. */
export const readyMsMax = 10 * 60_000;
export const podsMsMax = 15 * 60_000;
const joinMsMax = 20 * 60_000;

export const isReady = ({ status }: Pod | Node): boolean =>
  (status?.conditions ?? []).some(({ type, status: value }) => type === 'Ready' && value === 'True');
export const containerOf = ({ status }: Pod): string | undefined => status?.containerStatuses?.[0]?.containerID;

export const deployment = (name: string, replicas: number): string => `
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

export class JoinedNode {
  readonly machine: Machine;
  readonly cluster: TestCluster;
  private readonly images: ImageServer;

  private constructor(machine: Machine, cluster: TestCluster, images: ImageServer) {
    this.machine = machine;
    this.cluster = cluster;
    this.images = images;
  }

  static async start(machine: Machine): Promise<JoinedNode> {
    const node = new JoinedNode(machine, await startCluster({ nodes: 0, runtime: 'simulated' }), await serveImage());
    await machine.start();
    // What a network's name server would do: the server's certificate names the host.
    await machine.run(`echo '${hostAddress} ${hostname()}' >> /etc/hosts`);
    return node;
  }

  async remove(): Promise<void> {
    await this.cluster.remove();
    await this.machine.remove();
    this.images.close();
  }

  /** By the line that `hibernetes token create` prints. Returns what it printed. */
  async join(): Promise<string> {
    const [, line = ''] = (await this.cluster.hibernetes('token', 'create', '--ttl', '1h')).split('\n');
    assert.match(line, /^curl -sfL .* https:\/\/127\.0\.0\.1:\d+\/join\.sh \| sh -s - --token /);
    return this.machine.run(line.replace('127.0.0.1', hostname()), joinMsMax);
  }

  async importImage(): Promise<void> {
    const fetch = `curl -sf http://${hostAddress}:${this.images.port}/ -o /tmp/image.tar`;
    await this.machine.run(`${fetch} && ctr -n k8s.io images import /tmp/image.tar && rm /tmp/image.tar`);
  }

  readonly node = (): Promise<Node> => this.cluster.kubectl.json<Node>('get', 'node', 'machine');

  async pods(app: string): Promise<readonly Pod[]> {
    return (await this.cluster.kubectl.json<{ items: Pod[] }>('get', 'pods', '-l', `app=${app}`)).items;
  }

  async apply(text: string): Promise<void> {
    const { code, stderr } = await this.cluster.kubectl.run(['apply', '-f', '-'], { input: text });
    assert.equal(code, 0, stderr);
  }

  /** Waits until the world is so; else prints what the machine and the cluster know. */
  async until(msMax: number, check: () => Promise<void>): Promise<void> {
    try {
      await eventually(check, msMax);
    } catch (error) {
      const { machine, cluster } = this;
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

  readonly untilReady = (): Promise<void> => this.until(readyMsMax, async () => assert.ok(isReady(await this.node())));

  async allReady(app: string, count: number): Promise<readonly Pod[]> {
    let found: readonly Pod[] = [];
    await this.until(podsMsMax, async () => {
      found = await this.pods(app);
      assert.deepEqual([found.length, found.filter(isReady).length], [count, count]);
    });
    return found;
  }

  /**
   * The same pods, each with another container. Their counts of restarts may stand still: what containerd had not flushed of
   * its own records is lost with the power.
   */
  async allBack(earlier: readonly Pod[]): Promise<void> {
    const before = new Map(earlier.map((pod) => [pod.metadata?.uid, containerOf(pod)]));
    await this.until(podsMsMax, async () => {
      const now = (await this.pods('web')).filter(
        (pod) => isReady(pod) && before.has(pod.metadata?.uid) && containerOf(pod) !== before.get(pod.metadata?.uid),
      );
      assert.equal(now.length, before.size);
    });
  }

  /** Every container, each with the id of its first process. */
  readonly processes = (): Promise<string> => this.machine.run('ctr -n k8s.io tasks ls | sort');
}
