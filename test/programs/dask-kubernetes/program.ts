/** Its chart; the operator makes a scheduler and workers of a custom object, and more workers by its scale subresource. */
import { join } from 'node:path';
import { eventually } from '../../support/eventually.ts';
import { sitePackages } from '../python-packages.ts';
import type { Program } from '../program.ts';

const namespace = 'dask-operator';
const deployment = 'dask-kubernetes-operator';
const image = 'ghcr.io/dask/dask-kubernetes-operator';
const python = '/usr/bin/python3';
const pythonPath = `[{ name: PYTHONPATH, value: /${sitePackages} }]`;

const cluster = (id: string, version: string): string => `
apiVersion: kubernetes.dask.org/v1
kind: DaskCluster
metadata: { name: ${id} }
spec:
  worker:
    replicas: 1
    spec:
      terminationGracePeriodSeconds: 1
      containers:
      - name: worker
        image: ${image}:${version}
        command: [${python}, -m, distributed.cli.dask_worker, --name, $(DASK_WORKER_NAME), --nthreads, '1', --no-dashboard]
        env: ${pythonPath}
  scheduler:
    spec:
      terminationGracePeriodSeconds: 1
      containers:
      - name: scheduler
        image: ${image}:${version}
        command: [${python}, -m, distributed.cli.dask_scheduler]
        env: ${pythonPath}
        ports: [{ name: tcp-comm, containerPort: 8786 }, { name: http-dashboard, containerPort: 8787 }]
        readinessProbe: { httpGet: { port: http-dashboard, path: /health }, periodSeconds: 5, timeoutSeconds: 5 }
    service:
      selector: { dask.org/cluster-name: ${id}, dask.org/component: scheduler }
      ports:
      - { name: tcp-comm, port: 8786, targetPort: tcp-comm }
      - { name: http-dashboard, port: 8787, targetPort: http-dashboard }
`;

/** Prints the names of the pods that took part, and the sum of the first ten squares. */
const computation = (scheduler: string): string => `
import socket
from distributed import Client
client = Client('tcp://${scheduler}:8786', timeout=60)
client.wait_for_workers(2, timeout=60)
print(*sorted(client.run(socket.gethostname).values()))
print(sum(client.gather(client.map(lambda number: number ** 2, range(10)))))
client.close()
`;

export const daskKubernetes: Program = {
  name: 'dask-kubernetes',
  versions: ['2026.3.0'],
  proves: 'an object becomes a scheduler and a worker; `kubectl scale` adds a worker; both compute; all go with the object',
  source: { kind: 'python', package: 'dask-kubernetes' },
  images: (version) => [
    {
      name: `${image}:${version}`,
      on: 'python',
      entrypoint: [python, '-m', 'kopf', 'run', '-m', 'dask_kubernetes.operator.controller'],
      user: '1000',
    },
  ],
  controllers: [`${namespace} deployment/${deployment}`],

  async install({ helm, sourceDirectory }, version) {
    const chart = join(sourceDirectory(version), 'dask_kubernetes/operator/deployment/helm/dask-kubernetes-operator');
    const environment = { PYTHONPATH: `/${sitePackages}`, USER: 'dask' };
    const values = Object.entries(environment).flatMap(([name, value], index) => [
      `extraEnv[${index}].name=${name}`,
      `extraEnv[${index}].value=${value}`,
    ]);
    const settings = [`image.tag=${version}`, ...values].flatMap((setting) => ['--set', setting]);
    await helm('upgrade', '--install', deployment, chart, '-n', namespace, '--create-namespace', ...settings, '--wait', '--timeout', '5m');
  },

  async use({ apply, kubectl }, { id, limitMs }, version) {
    const limit = `--timeout=${Math.ceil(limitMs / 1000)}s`;
    const podsOf = async (component: string): Promise<string> => {
      const selector = `dask.org/cluster-name=${id},dask.org/component in (${component})`;
      return kubectl.ok('get', 'pods', '-l', selector, '-o', 'jsonpath={.items[*].metadata.name}');
    };
    await apply(cluster(id, version));
    await kubectl.ok('wait', `daskcluster/${id}`, '--for=jsonpath={.status.phase}=Running', limit);
    await kubectl.ok('scale', `daskworkergroup/${id}-default`, '--replicas=2');
    const compute = ['exec', `deployment/${id}-scheduler`, '--', python, '-c', computation(`${id}-scheduler`)];
    await eventually(async () => {
      const [workers, sum] = (await kubectl.ok(...compute)).split('\n');
      const running = (await podsOf('worker')).split(' ').sort().join(' ');
      if (workers !== running || sum !== '285') throw new Error(`${workers} of the workers ${running} computed ${sum}`);
    }, limitMs);
    await kubectl.ok('delete', 'daskcluster', id, limit);
    await eventually(async () => {
      const left = await podsOf('scheduler, worker');
      if (left !== '') throw new Error(`${left} outlive their cluster`);
    }, limitMs);
  },

  async remove({ helm, kubectl }) {
    // One that was made while the operator was stopped is deleted while it runs, for its finalizer.
    await kubectl.ok('delete', 'daskclusters', '--all', '--timeout=120s');
    await helm('uninstall', deployment, '-n', namespace, '--wait');
    // Helm leaves definitions of a chart's crds folder.
    const definitions = ['daskautoscalers', 'daskclusters', 'daskjobs', 'daskworkergroups'].map((name) => `${name}.kubernetes.dask.org`);
    await kubectl.ok('delete', 'crd', ...definitions, '--timeout=120s');
    await kubectl.ok('delete', 'namespace', namespace, '--timeout=120s');
  },
};
