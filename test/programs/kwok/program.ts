/** Its charts: nodes without a machine, whose pods run as far as the API shows. */
import { join } from 'node:path';
import { eventually } from '../../support/eventually.ts';
import type { Program } from '../program.ts';

const namespace = 'kube-system';
const fakeNode = 'kwok.x-k8s.io/node: fake';

const nodeWithPods = (id: string): string => `
apiVersion: v1
kind: Node
metadata:
  name: ${id}
  annotations: { ${fakeNode} }
  labels: { kubernetes.io/hostname: ${id} }
spec: { taints: [{ key: kwok.x-k8s.io/node, value: fake, effect: NoSchedule }] }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: ${id} }
spec:
  replicas: 5
  selector: { matchLabels: { app: ${id} } }
  template:
    metadata: { labels: { app: ${id} } }
    spec:
      nodeSelector: { kubernetes.io/hostname: ${id} }
      tolerations: [{ key: kwok.x-k8s.io/node, operator: Exists }]
      containers: [{ name: none, image: 'example.com/no-such-image:1' }]
`;

export const kwok: Program = {
  name: 'kwok',
  versions: ['v0.8.0'],
  proves: 'a node without a machine is Ready and renews its Lease; five pods of an image that is nowhere run on it, and go when deleted',
  source: { kind: 'go', path: 'sigs.k8s.io/kwok', packages: { kwok: './cmd/kwok' } },
  images: (version) => [
    {
      name: `registry.k8s.io/kwok/kwok:${version}`,
      programs: { kwok: '/usr/local/bin/kwok' },
      entrypoint: ['/usr/local/bin/kwok'],
      on: 'shell',
    },
  ],
  controllers: [`${namespace} deployment/kwok-controller`],

  async install({ helm, kubectl, sourceDirectory }, version) {
    const source = sourceDirectory(version);
    await kubectl.ok('apply', '-k', join(source, 'kustomize/crd'));
    const settings = ['--set', `image.tag=${version}`, '--wait', '--timeout', '5m'];
    await helm('upgrade', '--install', 'kwok', join(source, 'charts/kwok'), '-n', namespace, ...settings);
    await helm('upgrade', '--install', 'stage-fast', join(source, 'charts/stage-fast'), '-n', namespace);
  },

  async use({ apply, kubectl }, { id, limitMs }) {
    const limit = `--timeout=${Math.ceil(limitMs / 1000)}s`;
    const renewed = (): Promise<string> => kubectl.ok('get', 'lease', id, '-n', 'kube-node-lease', '-o', 'jsonpath={.spec.renewTime}');
    await apply(nodeWithPods(id));
    await kubectl.ok('wait', `node/${id}`, '--for=condition=Ready', limit);
    await kubectl.ok('rollout', 'status', `deployment/${id}`, limit);
    const first = await renewed();
    await eventually(async () => {
      if ((await renewed()) === first) throw new Error(`the node's Lease is still of ${first}`);
    }, limitMs);
    await kubectl.ok('delete', 'deployment', id);
    await kubectl.ok('wait', '--for=delete', 'pod', '-l', `app=${id}`, limit);
    await kubectl.ok('delete', 'node', id);
  },

  async remove({ helm, kubectl, sourceDirectory }) {
    const version = kwok.versions.at(-1) ?? '';
    // What was made while the controller was stopped.
    await kubectl.ok('delete', 'deployment,node', 'stopped', '--ignore-not-found');
    await helm('uninstall', 'stage-fast', '-n', namespace);
    await helm('uninstall', 'kwok', '-n', namespace, '--wait');
    await kubectl.ok('delete', '-k', join(sourceDirectory(version), 'kustomize/crd'), '--timeout=60s');
  },
};
