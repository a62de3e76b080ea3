/** Its chart; what it measures is what `kubectl top` shows and what a HorizontalPodAutoscaler scales by. */
import { join } from 'node:path';
import { eventually } from '../../support/eventually.ts';
import type { Program } from '../program.ts';

/** A pod that is always busy, and an autoscaler that takes half of a hundredth of a core for enough. */
const busyWorkload = (name: string): string => `
apiVersion: apps/v1
kind: Deployment
metadata: { name: ${name} }
spec:
  selector: { matchLabels: { app: ${name} } }
  template:
    metadata: { labels: { app: ${name} } }
    spec:
      terminationGracePeriodSeconds: 0
      containers:
      - name: busy
        image: busybox:1.36
        command: [sh, -c, 'while true; do :; done']
        resources: { requests: { cpu: 10m }, limits: { cpu: 100m } }
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: { name: ${name} }
spec:
  scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: ${name} }
  minReplicas: 1
  maxReplicas: 2
  metrics: [{ type: Resource, resource: { name: cpu, target: { type: Utilization, averageUtilization: 50 } } }]
`;

export const metricsServer: Program = {
  name: 'metrics-server',
  versions: ['v0.9.0'],
  proves: '`kubectl top` shows nodes and pods; a HorizontalPodAutoscaler scales by their use of CPU',
  source: { kind: 'go', path: 'sigs.k8s.io/metrics-server', packages: { 'metrics-server': './cmd/metrics-server' } },
  images: (version) => [
    {
      name: `registry.k8s.io/metrics-server/metrics-server:${version}`,
      programs: { 'metrics-server': '/metrics-server' },
      entrypoint: ['/metrics-server'],
      user: '65534',
    },
  ],
  controllers: ['kube-system deployment/metrics-server'],

  async install({ helm, sourceDirectory }, version) {
    const chart = join(sourceDirectory(version), 'charts/metrics-server');
    // Each node's door shows a certificate of the cluster's authority.
    const authority = '--kubelet-certificate-authority=/var/run/secrets/kubernetes.io/serviceaccount/ca.crt';
    const values = ['--set', `image.tag=${version}`, '--set', `args={${authority}}`];
    await helm('upgrade', '--install', 'metrics-server', chart, '-n', 'kube-system', ...values, '--wait', '--timeout', '5m');
  },

  async use({ apply, kubectl }, { id, limitMs }) {
    await apply(busyWorkload(id));
    try {
      await eventually(async () => {
        const nodes = await kubectl.ok('top', 'nodes', '--no-headers');
        if ((nodes.match(/^node-\d \s*\d+m /gm) ?? []).length !== 2) throw new Error(`kubectl top shows other nodes: ${nodes}`);
        const pods = await kubectl.ok('top', 'pods', '--no-headers', '-l', `app=${id}`);
        if (!/^\S+\s+\d{2,}m /m.test(pods)) throw new Error(`kubectl top shows no busy pod: ${pods}`);
      }, limitMs);
      await kubectl.ok('wait', `deployment/${id}`, '--for=jsonpath={.status.replicas}=2', `--timeout=${Math.ceil(limitMs / 1000)}s`);
    } finally {
      await kubectl.ok('delete', 'deployment,horizontalpodautoscaler', id);
    }
  },

  async remove({ helm, kubectl }) {
    await helm('uninstall', 'metrics-server', '-n', 'kube-system', '--wait');
    const left = await kubectl.ok('get', 'apiservice', 'v1beta1.metrics.k8s.io', '--ignore-not-found');
    if (left !== '') throw new Error(`its APIService is still there: ${left}`);
  },
};
