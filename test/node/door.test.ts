/** The door of a real node, as programs that watch nodes use it: metrics, logs, commands, for those who may. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { startCluster, type TestCluster } from '../support/cluster-process.ts';
import { eventually } from '../support/eventually.ts';
import { freeNetworks, networkFlags } from '../support/free-networks.ts';
import { imageFiles, reasonToSkipContainers } from '../support/real-nodes.ts';

const manifest = `
apiVersion: v1
kind: Pod
metadata: { name: busy }
spec:
  terminationGracePeriodSeconds: 0
  containers:
  - name: main
    image: busybox:1.36
    command: [sh, -c, 'echo hello; while :; do :; done']
    livenessProbe: { exec: { command: ['true'] }, periodSeconds: 1 }
    resources: { limits: { cpu: 100m, memory: 32Mi } }
---
apiVersion: v1
kind: ServiceAccount
metadata: { name: watcher }
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: { name: watcher }
rules: [{ apiGroups: [''], resources: [nodes/metrics, nodes/stats], verbs: [get] }]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: { name: watcher }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: watcher }
subjects: [{ kind: ServiceAccount, name: watcher, namespace: default }]
`;

describe('the door of a node', { skip: await reasonToSkipContainers() }, () => {
  let cluster: TestCluster;
  let address: string;
  let token: string;

  before(async () => {
    cluster = await startCluster({ nodes: 1, runtime: 'containerd', images: await imageFiles(), flags: networkFlags(freeNetworks()) });
    const { code, stderr } = await cluster.kubectl.run(['apply', '-f', '-'], { input: manifest });
    assert.equal(code, 0, stderr);
    await cluster.kubectl.ok('wait', 'pod/busy', '--for=condition=Ready', '--timeout=120s');
    address = await cluster.kubectl.ok('get', 'nodes', '-o', 'jsonpath={.items[0].status.addresses[?(@.type=="InternalIP")].address}');
    token = await cluster.kubectl.ok('create', 'token', 'watcher');
  });
  after(() => cluster?.remove());

  /** With the cluster's own authority as the only one that is believed. */
  const ask = (path: string, bearer: string): Promise<{ code: number; text: string }> =>
    new Promise((resolve, reject) => {
      const ca = readFileSync(join(cluster.directory, 'pki', 'ca.crt'));
      const headers = bearer === '' ? {} : { authorization: `Bearer ${bearer}` };
      const asked = request({ host: address, port: 10_250, path, ca, headers, agent: false }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => resolve({ code: response.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') }));
      });
      asked.on('error', reject);
      asked.end();
    });

  test('shows a certificate of the cluster, and what pods use, to those who may see it', async () => {
    const { code, text } = await eventually(() => ask('/metrics/resource', token.trim()), 60_000);
    assert.equal(code, 200, text);
    assert.match(text, /^container_cpu_usage_seconds_total\{container="main",namespace="default",pod="busy"\} [\d.]+ \d+$/m);
    assert.match(text, /^pod_memory_working_set_bytes\{namespace="default",pod="busy"\} \d+ \d+$/m);
    assert.match(text, /^node_memory_working_set_bytes \d+ \d+$/m);
    // The pod has used up its share of a period only when it has run for a while.
    await eventually(async () => {
      const cadvisor = (await ask('/metrics/cadvisor', token.trim())).text;
      assert.match(cadvisor, /^container_network_receive_bytes_total\{container="",[^}]*interface="eth0",[^}]*pod="busy"\} \d+ \d+$/m);
      assert.match(cadvisor, /^container_cpu_cfs_throttled_periods_total\{container="main",[^}]*pod="busy"\} [1-9]\d* \d+$/m);
    }, 60_000);
    // The first probe comes within its period.
    await eventually(async () =>
      assert.match(
        (await ask('/metrics/probes', token.trim())).text,
        /^prober_probe_total\{container="main",[^}]*pod="busy",[^}]*probe_type="Liveness",result="successful"\} [1-9]\d*$/m,
      ),
    );
  });

  test('the door of a node is closed to those who may not', async () => {
    assert.deepEqual(await ask('/metrics', ''), { code: 401, text: 'Unauthorized\n' });
    const who = 'system:serviceaccount:default:watcher';
    const refused = `Forbidden (user=${who}, verb=get, resource=nodes, subresource(s)=[pods proxy])\n`;
    assert.deepEqual(await ask('/pods', token.trim()), { code: 403, text: refused });
  });

  test('the API passes on a node’s stats/summary, and the log of a pod', async () => {
    const node = await cluster.kubectl.ok('get', 'nodes', '-o', 'jsonpath={.items[0].metadata.name}');
    const summary = await eventually(async () => {
      const found = JSON.parse(await cluster.kubectl.ok('get', '--raw', `/api/v1/nodes/${node}/proxy/stats/summary`)) as {
        node: { cpu: { usageNanoCores?: number }; fs: { capacityBytes: number } };
        pods: { podRef: { name: string }; containers: { cpu: { usageNanoCores?: number }; rootfs: { usedBytes: number } }[] }[];
      };
      assert.ok((found.pods[0]?.containers[0]?.cpu.usageNanoCores ?? 0) > 0);
      return found;
    }, 30_000);
    assert.equal(summary.pods[0]?.podRef.name, 'busy');
    assert.ok((summary.pods[0]?.containers[0]?.cpu.usageNanoCores ?? 0) < 200_000_000, 'a tenth of a core');
    assert.ok(summary.node.fs.capacityBytes > 0);
    const log = await cluster.kubectl.ok('get', '--raw', `/api/v1/nodes/${node}/proxy/containerLogs/default/busy/main`);
    assert.equal(log, 'hello\n');
  });
});
