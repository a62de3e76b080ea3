/** Its chart, as a Deployment: pods whose node no longer fits them are evicted, and so move. */
import { join } from 'node:path';
import { eventually } from '../../support/eventually.ts';
import type { Program } from '../program.ts';

const choosyWorkload = (id: string): string => `
apiVersion: apps/v1
kind: Deployment
metadata: { name: ${id} }
spec:
  selector: { matchLabels: { app: ${id} } }
  template:
    metadata: { labels: { app: ${id} } }
    spec:
      terminationGracePeriodSeconds: 0
      affinity:
        nodeAffinity:
          requiredDuringSchedulingIgnoredDuringExecution:
            nodeSelectorTerms: [{ matchExpressions: [{ key: ${id}, operator: Exists }] }]
      containers: [{ name: shell, image: 'busybox:1.36', command: [sleep, '100000'] }]
`;

export const descheduler: Program = {
  name: 'descheduler',
  versions: ['v0.36.0'],
  proves: 'a pod whose node loses the label that it requires is evicted, and runs on the other node',
  source: { kind: 'go', path: 'sigs.k8s.io/descheduler', packages: { descheduler: './cmd/descheduler' } },
  images: (version) => [
    {
      name: `registry.k8s.io/descheduler/descheduler:${version}`,
      programs: { descheduler: '/bin/descheduler' },
      entrypoint: [],
      user: '1000',
    },
  ],
  controllers: ['kube-system deployment/descheduler'],

  async install({ helm, sourceDirectory }, version) {
    const chart = join(sourceDirectory(version), 'charts/descheduler');
    const values = ['kind=Deployment', 'deschedulingInterval=5s', `image.tag=${version}`].flatMap((value) => ['--set', value]);
    await helm('upgrade', '--install', 'descheduler', chart, '-n', 'kube-system', ...values, '--wait', '--timeout', '5m');
  },

  async use({ apply, kubectl }, { id, limitMs }) {
    await kubectl.ok('label', 'node', 'node-1', `${id}=`);
    await apply(choosyWorkload(id));
    await kubectl.ok('rollout', 'status', `deployment/${id}`, '--timeout=240s');
    await kubectl.ok('label', 'node', 'node-2', `${id}=`);
    await kubectl.ok('label', 'node', 'node-1', `${id}-`);
    await eventually(async () => {
      const running = [
        'get',
        'pods',
        '-l',
        `app=${id}`,
        '--field-selector=status.phase=Running',
        '-o',
        'jsonpath={.items[*].spec.nodeName}',
      ];
      const nodes = await kubectl.ok(...running);
      if (nodes !== 'node-2') throw new Error(`its pod runs on ${nodes}`);
    }, limitMs);
    await kubectl.ok('delete', 'deployment', id);
  },

  async remove({ helm, kubectl }) {
    await helm('uninstall', 'descheduler', '-n', 'kube-system', '--wait');
    const left = await kubectl.ok('get', 'deployment', '-n', 'kube-system', 'descheduler', '--ignore-not-found', '-o', 'name');
    if (left !== '') throw new Error(`${left} is still there`);
  },
};
