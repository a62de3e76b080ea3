/** As its README has it in Docker: in the host's network and process namespaces, with the host's root mounted. */
import { eventually } from '../../support/eventually.ts';
import type { Program } from '../program.ts';

const port = 9100;

/**
 * The module has no manifest for Kubernetes; this one sets what its README sets for containers. Only that file systems which are
 * mounted later appear is left out: it takes a machine whose root is a shared mount.
 */
const manifest = (version: string): string => `
apiVersion: v1
kind: Namespace
metadata: { name: monitoring }
---
apiVersion: apps/v1
kind: DaemonSet
metadata: { name: node-exporter, namespace: monitoring }
spec:
  selector: { matchLabels: { app: node-exporter } }
  template:
    metadata: { labels: { app: node-exporter } }
    spec:
      hostNetwork: true
      hostPID: true
      securityContext: { runAsNonRoot: true, runAsUser: 65534 }
      terminationGracePeriodSeconds: 1
      containers:
      - name: node-exporter
        image: quay.io/prometheus/node-exporter:${version}
        args: [--path.rootfs=/host]
        ports: [{ containerPort: ${port}, hostPort: ${port} }]
        readinessProbe: { httpGet: { path: /, port: ${port} }, periodSeconds: 1 }
        volumeMounts: [{ name: root, mountPath: /host, readOnly: true }]
      volumes: [{ name: root, hostPath: { path: / } }]
`;

export const nodeExporter: Program = {
  name: 'node-exporter',
  versions: ['v1.11.1', 'v1.12.1'],
  proves: 'each node answers with its memory, its file systems and its own interfaces',
  source: {
    kind: 'go',
    path: 'github.com/prometheus/node_exporter',
    packages: { node_exporter: '.' },
    linkerFlags: (version) => `-X github.com/prometheus/common/version.Version=${version.slice(1)}`,
  },
  images: (version) => [
    {
      name: `quay.io/prometheus/node-exporter:${version}`,
      programs: { node_exporter: '/bin/node_exporter' },
      entrypoint: ['/bin/node_exporter'],
      user: 'nobody',
      on: 'shell',
    },
  ],
  controllers: ['monitoring daemonset/node-exporter'],

  async install({ apply, kubectl }, version) {
    await apply(manifest(version));
    await kubectl.ok('rollout', 'status', '-n', 'monitoring', 'daemonset/node-exporter', '--timeout=240s');
  },

  async use({ kubectl, insideNode }, { limitMs }, version) {
    for (const node of ['node-1', 'node-2']) {
      const address = await kubectl.ok('get', 'node', node, '-o', 'jsonpath={.status.addresses[?(@.type=="InternalIP")].address}');
      await eventually(async () => {
        const metrics = await insideNode(node)(['curl', '-sSf', '--max-time', '20', `http://${address}:${port}/metrics`]);
        const wanted = [
          `node_exporter_build_info{.*version="${version.slice(1)}"`,
          '^node_memory_MemAvailable_bytes [0-9]',
          '^node_filesystem_avail_bytes{.*mountpoint="/"',
          '^node_network_receive_bytes_total{device="eth0"} [0-9]',
        ];
        const missing = wanted.filter((pattern) => !new RegExp(pattern, 'm').test(metrics));
        if (missing.length > 0) throw new Error(`${node} answers without ${missing.join(', ')}`);
      }, limitMs);
    }
  },

  async remove({ kubectl }) {
    await kubectl.ok('delete', 'namespace', 'monitoring', '--timeout=120s');
  },
};
