/** Its recommender by its own manifests: it reads the use of pods from metrics-server, and recommends what they should request. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { metricsServer } from '../metrics-server/program.ts';
import type { Program, Stand } from '../program.ts';

const manifests = ['vpa-v1-crd-gen.yaml', 'vpa-rbac.yaml', 'recommender-deployment.yaml'];
const deployment = 'vpa-recommender';

const read = ({ sourceDirectory }: Stand, version: string, name: string): string =>
  readFileSync(join(sourceDirectory(version), 'deploy', name), 'utf8');

const busyWorkload = (id: string): string => `
apiVersion: apps/v1
kind: Deployment
metadata: { name: ${id} }
spec:
  selector: { matchLabels: { app: ${id} } }
  template:
    metadata: { labels: { app: ${id} } }
    spec:
      terminationGracePeriodSeconds: 0
      containers:
      - name: busy
        image: busybox:1.36
        command: [sh, -c, 'while true; do :; done']
        resources: { requests: { cpu: 1m }, limits: { cpu: 100m } }
---
apiVersion: autoscaling.k8s.io/v1
kind: VerticalPodAutoscaler
metadata: { name: ${id} }
spec:
  targetRef: { apiVersion: apps/v1, kind: Deployment, name: ${id} }
  updatePolicy: { updateMode: 'Off' }
`;

export const verticalPodAutoscaler: Program = {
  name: 'vertical-pod-autoscaler',
  versions: ['v1.8.1'],
  proves: 'its recommender, on metrics-server, recommends more CPU for a container that uses more than it requests',
  source: { kind: 'go', path: 'k8s.io/autoscaler/vertical-pod-autoscaler', packages: { recommender: './pkg/recommender' } },
  images: (version) => [
    {
      name: `registry.k8s.io/autoscaling/${deployment}:${version.slice(1)}`,
      programs: { recommender: '/recommender' },
      entrypoint: ['/recommender'],
      user: '65532',
    },
  ],
  needs: [metricsServer],
  controllers: [`kube-system deployment/${deployment}`],

  async install(stand, version) {
    for (const name of manifests) await stand.apply(read(stand, version, name));
    await stand.kubectl.ok('rollout', 'status', '-n', 'kube-system', `deployment/${deployment}`, '--timeout=240s');
  },

  async use({ apply, kubectl }, { id, limitMs }) {
    await apply(busyWorkload(id));
    try {
      const provided = ['--for=condition=RecommendationProvided', `--timeout=${Math.ceil(limitMs / 1000)}s`];
      await kubectl.ok('wait', `verticalpodautoscaler/${id}`, ...provided);
      const cpu = '{.status.recommendation.containerRecommendations[?(@.containerName=="busy")].target.cpu}';
      const target = await kubectl.ok('get', 'verticalpodautoscaler', id, '-o', `jsonpath=${cpu}`);
      if (!/^\d{2,}m$/.test(target)) throw new Error(`it recommends ${target} of CPU`);
    } finally {
      await kubectl.ok('delete', `deployment/${id}`, `verticalpodautoscaler/${id}`);
    }
  },

  async remove({ kubectl, sourceDirectory }) {
    for (const name of manifests.toReversed()) await kubectl.ok('delete', '-f', join(sourceDirectory('v1.8.1'), 'deploy', name));
    const left = await kubectl.ok('get', 'crd', 'verticalpodautoscalers.autoscaling.k8s.io', '--ignore-not-found', '-o', 'name');
    if (left !== '') throw new Error(`${left} is still there`);
  },
};
