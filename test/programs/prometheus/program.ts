/** Its own configuration and rights for Kubernetes: it finds the API server, the nodes and the pods, and reads their metrics. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from '../../support/eventually.ts';
import type { Program } from '../program.ts';

const manifest = (version: string): string => `
apiVersion: apps/v1
kind: Deployment
metadata: { name: prometheus }
spec:
  selector: { matchLabels: { app: prometheus } }
  template:
    metadata: { labels: { app: prometheus } }
    spec:
      serviceAccountName: prometheus
      terminationGracePeriodSeconds: 1
      containers:
      - name: prometheus
        image: quay.io/prometheus/prometheus:v${version}
        args: [--config.file=/etc/prometheus/prometheus-kubernetes.yml, --storage.tsdb.path=/prometheus]
        ports: [{ containerPort: 9090 }]
        readinessProbe: { httpGet: { path: /-/ready, port: 9090 }, periodSeconds: 1 }
        volumeMounts: [{ name: config, mountPath: /etc/prometheus }, { name: data, mountPath: /prometheus }]
      volumes: [{ name: config, configMap: { name: prometheus } }, { name: data, emptyDir: {} }]
---
apiVersion: v1
kind: Service
metadata: { name: prometheus }
spec: { selector: { app: prometheus }, ports: [{ port: 9090 }] }
`;

const measuredPod = (id: string): string => `
apiVersion: v1
kind: Pod
metadata: { name: ${id} }
spec:
  terminationGracePeriodSeconds: 0
  containers:
  - name: web
    image: nginx/nginx:v1
    command: [sh, -c, 'echo "answer_of_pod 42" > /usr/share/nginx/html/metrics && exec nginx -c /etc/nginx/nginx.conf -e /dev/stderr']
    ports: [{ containerPort: 80 }]
`;

export const prometheus: Program = {
  name: 'prometheus',
  versions: ['2.53.3'],
  proves: 'by its own configuration for Kubernetes it reads the API server, each node, its containers, and a pod that appears meanwhile',
  source: { kind: 'debian', package: 'prometheus', programs: [] },
  images: (version) => [
    { name: `quay.io/prometheus/prometheus:v${version}`, on: 'debian', entrypoint: ['/usr/bin/prometheus'], user: '65534' },
  ],
  controllers: ['default deployment/prometheus'],

  async install({ apply, kubectl, sourceDirectory }, version) {
    const examples = join(sourceDirectory(version), 'usr/share/doc/prometheus/examples');
    await apply(readFileSync(join(examples, 'rbac-setup.yml'), 'utf8'));
    const config = join(examples, 'prometheus-kubernetes.yml');
    await apply(await kubectl.ok('create', 'configmap', 'prometheus', `--from-file=${config}`, '--dry-run=client', '-o', 'yaml'));
    await apply(manifest(version));
    await kubectl.ok('rollout', 'status', 'deployment/prometheus', '--timeout=240s');
  },

  async use({ apply, kubectl }, { id, limitMs }) {
    await apply(measuredPod(id));
    const address = '/api/v1/namespaces/default/services/prometheus:9090/proxy/api/v1/query?query=';
    const count = async (query: string): Promise<string> => {
      const answer = JSON.parse(await kubectl.ok('get', '--raw', `${address}${encodeURIComponent(`count(${query})`)}`));
      return answer.data.result[0]?.value[1] ?? '0';
    };
    const wanted = {
      'up{job="kubernetes-apiservers"} == 1': /^[1-9]/,
      'apiserver_request_total{verb="GET",code="200"}': /^[1-9]/,
      'up{job="kubernetes-nodes"} == 1': /^2$/,
      'up{job="kubernetes-cadvisor"} == 1': /^2$/,
      [`container_cpu_usage_seconds_total{pod=~"prometheus-.*"}`]: /^[1-9]/,
      [`answer_of_pod{pod="${id}"} == 42`]: /^1$/,
    };
    await eventually(async () => {
      for (const [query, expected] of Object.entries(wanted)) {
        const found = await count(query);
        if (!expected.test(found)) throw new Error(`${query} has ${found} series`);
      }
    }, limitMs);
    await kubectl.ok('delete', 'pod', id);
  },

  async remove({ kubectl }) {
    await kubectl.ok('delete', 'deployment,service,configmap,serviceaccount', 'prometheus');
    await kubectl.ok('delete', 'clusterrole,clusterrolebinding', 'prometheus');
    // The token goes with its account.
    await kubectl.ok('wait', '--for=delete', 'secret/prometheus-sa-token', '--timeout=60s');
  },
};
