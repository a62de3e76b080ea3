/**
 * Two nodes with real containers: pods and Services reach each other over both, load goes only to who is ready, and
 * what breaks is repaired.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { ipv4Number, isInRange, parseIpv4Range } from '../../functions/kube/ipv4.ts';
import { startCluster, type TestCluster } from '../support/cluster-process.ts';
import { eventually } from '../support/eventually.ts';
import { freeNetworks, networkFlags } from '../support/free-networks.ts';
import { insideNode } from '../support/inside-node.ts';
import type { Kubectl } from '../support/kubectl.ts';
import { imageFiles, reasonToSkipContainers } from '../support/real-nodes.ts';
import { rows } from '../support/table.ts';

const replicas = 10;

/** Short tolerations, so that the test sees in seconds what the default shows after five minutes. */
const web = `
apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  replicas: ${replicas}
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec:
      terminationGracePeriodSeconds: 2
      tolerations:
      - { key: node.kubernetes.io/unreachable, operator: Exists, effect: NoExecute, tolerationSeconds: 5 }
      - { key: node.kubernetes.io/not-ready, operator: Exists, effect: NoExecute, tolerationSeconds: 5 }
      containers:
      - name: echo
        image: echo:v1
        ports: [{ containerPort: 8080 }]
        readinessProbe: { httpGet: { path: /healthz, port: 8080 }, periodSeconds: 1, failureThreshold: 1 }
---
apiVersion: v1
kind: Service
metadata: { name: web }
spec:
  type: NodePort
  selector: { app: web }
  ports: [{ port: 80, targetPort: 8080 }]
---
apiVersion: v1
kind: Service
metadata: { name: web-headless }
spec:
  clusterIP: None
  selector: { app: web }
  ports: [{ port: 8080 }]
---
apiVersion: v1
kind: Pod
metadata: { name: client }
spec:
  nodeName: node-1
  terminationGracePeriodSeconds: 0
  containers: [{ name: shell, image: 'busybox:1.36', command: [sleep, '100000'] }]
`;

interface Row {
  readonly [column: string]: string;
}

describe('two nodes', { skip: await reasonToSkipContainers() }, () => {
  let cluster: TestCluster;
  let kubectl: Kubectl;

  const networks = freeNetworks();
  before(async () => {
    cluster = await startCluster({ nodes: 2, runtime: 'containerd', images: await imageFiles(), flags: networkFlags(networks) });
    kubectl = cluster.kubectl;
    const { code, stderr } = await kubectl.run(['apply', '-f', '-'], { input: web });
    assert.equal(code, 0, stderr);
    await kubectl.ok('rollout', 'status', 'deployment/web', '--timeout=240s');
    await kubectl.ok('wait', '--for=condition=Ready', 'pod/client', '--timeout=240s');
  });
  after(() => cluster?.remove());

  const webPods = async (): Promise<readonly Row[]> => rows(await kubectl.ok('get', 'pods', '-l', 'app=web', '-o', 'wide'));
  const inClient = (script: string): Promise<string> => kubectl.ok('exec', 'client', '--', 'sh', '-c', script);
  /** Asks a URL many times from the client pod; who answered, and how often. */
  const answers = async (url: string, times: number): Promise<ReadonlyMap<string, number>> => {
    const names = await inClient(`for i in $(seq ${times}); do timeout 60 wget -q -O - ${url}/hostname; done`);
    const counts = new Map<string, number>();
    for (const name of names.split('\n').filter((line) => line !== '')) counts.set(name, (counts.get(name) ?? 0) + 1);
    return counts;
  };
  const serviceField = (path: string): Promise<string> => kubectl.ok('get', 'service', 'web', '-o', `jsonpath={${path}}`);

  test('ten replicas spread over both', async () => {
    const perNode = Object.groupBy(await webPods(), ({ NODE = '' }) => NODE);
    assert.deepEqual([perNode['node-1']?.length, perNode['node-2']?.length], [5, 5]);
  });

  test('addresses, ports and names are of the networks that were chosen', async () => {
    const isIn = (cidr: string, ip: string): boolean => isInRange(parseIpv4Range(cidr), ipv4Number(ip));
    for (const { IP = '' } of await webPods()) assert.ok(isIn(networks.podCidr, IP), IP);
    assert.ok(isIn(networks.serviceCidr, await serviceField('.spec.clusterIP')));
    assert.match(await serviceField('.spec.ports[0].nodePort'), /^31\d{3}$/);
    const resolver = await inClient('cat /etc/resolv.conf');
    assert.match(resolver, new RegExp(`^nameserver ${networks.dnsIp}$`, 'm'));
    assert.match(resolver, new RegExp(`^search default.svc.${networks.clusterDomain} `, 'm'));
  });

  test('a pod reaches pods on its own node and on the other by their addresses', async () => {
    const pods = await webPods();
    for (const node of ['node-1', 'node-2']) {
      const pod = pods.find(({ NODE }) => NODE === node);
      assert.equal(await inClient(`timeout 60 wget -q -O - http://${pod?.IP}:8080/hostname`), `${pod?.NAME}\n`);
    }
  });

  test('a Service answers by its address and by its names', async () => {
    for (const host of [await serviceField('.spec.clusterIP'), 'web', 'web.default', `web.default.svc.${networks.clusterDomain}`]) {
      const names = (await webPods()).map(({ NAME }) => NAME);
      const [name] = [...(await answers(`http://${host}`, 1)).keys()];
      assert.ok(names.includes(name ?? ''), `${host} answered ${name}`);
    }
  });

  test('a headless Service names the pods themselves', async () => {
    const found = await inClient(`nslookup web-headless.default.svc.${networks.clusterDomain}`);
    for (const { IP = '' } of await webPods()) assert.ok(found.includes(IP), `${IP} is not in ${found}`);
  });

  test('a NodePort answers on each node, from each node', async () => {
    const port = await serviceField('.spec.ports[0].nodePort');
    const addresses = (
      await kubectl.ok('get', 'nodes', '-o', 'jsonpath={.items[*].status.addresses[?(@.type=="InternalIP")].address}')
    ).split(' ');
    assert.equal(addresses.length, 2);
    for (const from of ['node-1', 'node-2']) {
      for (const address of addresses) {
        const name = await insideNode(cluster.directory, from)(['curl', '-sS', '--max-time', '60', `http://${address}:${port}/hostname`]);
        assert.match(name, /^web-/, `${address} from ${from}`);
      }
    }
  });

  test('load goes to every ready endpoint, and never to one that is not', async () => {
    const all = await answers('http://web', 200);
    assert.deepEqual([...all.keys()].sort(), (await webPods()).map(({ NAME = '' }) => NAME).sort());

    const ill = (await webPods())[0]?.NAME ?? '';
    await kubectl.ok('exec', ill, '--', 'rm', '/usr/share/nginx/html/healthz');
    await eventually(async () => assert.equal((await webPods()).find(({ NAME }) => NAME === ill)?.READY, '0/1'));
    // The rules on the node follow the endpoints within moments.
    await eventually(async () => assert.ok(!(await answers('http://web', 20)).has(ill)));
    assert.ok(!(await answers('http://web', 100)).has(ill));

    await kubectl.ok('exec', ill, '--', 'touch', '/usr/share/nginx/html/healthz');
    await eventually(async () => assert.ok((await answers('http://web', 40)).has(ill)));
  });

  test('a container whose process is killed is started again, and counted', async () => {
    const pod = (await webPods())[0]?.NAME ?? '';
    await kubectl.run(['exec', pod, '--', 'sh', '-c', 'kill -QUIT 1']);
    const again = await eventually(async () => {
      const row = (await webPods()).find(({ NAME }) => NAME === pod);
      assert.match(row?.RESTARTS ?? '', /^1 /);
      assert.equal(row?.READY, '1/1');
      return row;
    });
    assert.equal(again?.STATUS, 'Running');
  });

  test('a deleted pod is replaced under a new name', async () => {
    const gone = (await webPods())[0]?.NAME ?? '';
    await kubectl.ok('delete', 'pod', gone);
    await eventually(async () => {
      const ready = (await webPods()).filter(({ READY }) => READY === '1/1').map(({ NAME }) => NAME);
      assert.equal(ready.length, replicas);
      assert.ok(!ready.includes(gone));
    });
  });

  test('a node that becomes unresponsive becomes NotReady, its pods move, and it comes back clean', async () => {
    await cluster.hibernetes('node', 'stop', 'node-2');
    const status = async (): Promise<string | undefined> => rows(await kubectl.ok('get', 'nodes', 'node-2'))[0]?.STATUS;
    await eventually(async () => assert.equal(await status(), 'NotReady'));
    await eventually(async () => {
      const running = (await webPods()).filter(({ NODE, READY }) => NODE === 'node-1' && READY === '1/1');
      assert.equal(running.length, replicas);
    });
    assert.match([...(await answers('http://web', 5)).keys()].join(), /^web-/);

    await cluster.hibernetes('node', 'start', 'node-2');
    await eventually(async () => assert.equal(await status(), 'Ready'));
    await eventually(async () => {
      const pods = await webPods();
      assert.equal(pods.length, replicas);
      assert.ok(pods.every(({ READY, STATUS }) => READY === '1/1' && STATUS === 'Running'));
    });
  });
});
