/** Its chart; its webhooks, which bring their own certificates, and its controller run groups of Jobs as one. */
import { join } from 'node:path';
import { eventually } from '../../support/eventually.ts';
import type { Program } from '../program.ts';

const namespace = 'jobset-system';
const deployment = 'jobset-controller';
const image = 'registry.k8s.io/jobset/jobset';

/** The workers read the leader's page by its host name, and the set is complete when both have. */
const leaderAndWorkers = (id: string): string => `
apiVersion: jobset.x-k8s.io/v1alpha2
kind: JobSet
metadata: { name: ${id} }
spec:
  successPolicy: { operator: All, targetReplicatedJobs: [worker] }
  replicatedJobs:
  - name: leader
    replicas: 1
    template:
      spec:
        template:
          spec:
            terminationGracePeriodSeconds: 0
            restartPolicy: Never
            containers:
            - name: leader
              image: busybox:1.36
              command: [sh, -c, 'mkdir /tmp/www && echo ${id} > /tmp/www/name && exec httpd -f -p 8080 -h /tmp/www']
  - name: worker
    replicas: 2
    template:
      spec:
        template:
          spec:
            restartPolicy: Never
            containers:
            - name: worker
              image: busybox:1.36
              command: [sh, -c, 'until wget -qO- http://${id}-leader-0-0.${id}:8080/name 2>/dev/null; do sleep 1; done']
`;

export const jobset: Program = {
  name: 'jobset',
  versions: ['v0.11.1'],
  proves:
    'its webhook refuses a wrong set; workers find their leader by host name; when both workers are done, the set is and the leader goes',
  source: { kind: 'go', path: 'sigs.k8s.io/jobset', packages: { manager: '.' } },
  images: (version) => [{ name: `${image}:${version}`, programs: { manager: '/manager' }, entrypoint: ['/manager'], user: '65532:65532' }],
  controllers: [`${namespace} deployment/${deployment}`],

  async install({ helm, sourceDirectory }, version) {
    const chart = join(sourceDirectory(version), 'charts/jobset');
    const values = { 'image.repository': image, 'image.tag': version, 'image.pullPolicy': 'IfNotPresent' };
    const settings = Object.entries(values).flatMap((value) => ['--set', value.join('=')]);
    await helm('upgrade', '--install', 'jobset', chart, '-n', namespace, '--create-namespace', ...settings, '--wait', '--timeout', '5m');
  },

  async use({ apply, kubectl }, { id, limitMs }) {
    const wrong = leaderAndWorkers(id).replace('targetReplicatedJobs: [worker]', 'targetReplicatedJobs: [nothing]');
    await eventually(async () => {
      const { stderr } = await kubectl.run(['create', '-f', '-', '--dry-run=server'], { input: wrong });
      if (!stderr.includes("'nothing'")) throw new Error(`a set of no such Job is refused with ${stderr}`);
    }, limitMs);
    await apply(leaderAndWorkers(id));
    await kubectl.ok('wait', `jobset/${id}`, '--for=condition=Completed', `--timeout=${Math.ceil(limitMs / 1000)}s`);
    const selector = `jobset.sigs.k8s.io/jobset-name=${id},jobset.sigs.k8s.io/replicatedjob-name=worker`;
    const read = await kubectl.ok('logs', '-l', selector);
    if (read !== `${id}\n${id}\n`) throw new Error(`the workers read ${read}`);
    await eventually(async () => {
      const left = await kubectl.ok('get', 'job', `${id}-leader-0`, '--ignore-not-found', '-o', 'name');
      if (left !== '') throw new Error(`${left} outlives its set's completion`);
    }, limitMs);
    await kubectl.ok('delete', 'jobset', id);
    await kubectl.ok('wait', '--for=delete', 'pod', '-l', selector, '--timeout=60s');
  },

  async remove({ helm, kubectl }) {
    await helm('uninstall', 'jobset', '-n', namespace, '--wait');
    // Helm leaves definitions of a chart's crds folder.
    await kubectl.ok('delete', 'crd', 'jobsets.jobset.x-k8s.io', '--timeout=60s');
    await kubectl.ok('delete', 'namespace', namespace, '--timeout=120s');
  },
};
