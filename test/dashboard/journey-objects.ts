/** What the journeys change. */

/** Without a command, it runs what the image names. */
const pod = (image: string, command?: readonly string[]): object => ({
  containers: [{ name: 'main', image, command }],
  terminationGracePeriodSeconds: 0,
});
const labels = (app: string): object => ({ app });
const template = (app: string, image = 'nginx/nginx:v1'): object => ({ metadata: { labels: labels(app) }, spec: pod(image) });
const selector = (app: string): object => ({ matchLabels: labels(app) });
const workload = (kind: string, name: string, spec: object): object => ({
  apiVersion: 'apps/v1',
  kind,
  metadata: { name },
  spec: { selector: selector(name), template: template(name), ...spec },
});
const job = { template: { spec: { ...pod('nginx/nginx:v1'), restartPolicy: 'Never' } } };

const items: readonly object[] = [
  workload('Deployment', 'web', { replicas: 1 }),
  workload('Deployment', 'two', { replicas: 1 }),
  workload('ReplicaSet', 'rs', { replicas: 0 }),
  workload('StatefulSet', 'db', { replicas: 1, serviceName: 'db' }),
  workload('DaemonSet', 'each', {}),
  {
    apiVersion: 'v1',
    kind: 'ReplicationController',
    metadata: { name: 'rc' },
    spec: { replicas: 0, selector: labels('rc'), template: template('rc') },
  },
  { apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'work' }, spec: job },
  { apiVersion: 'batch/v1', kind: 'CronJob', metadata: { name: 'tick' }, spec: { schedule: '0 0 1 1 *', jobTemplate: { spec: job } } },
  { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'shell' }, spec: { ...pod('busybox:1.36', ['sleep', '100000']), nodeName: 'node-2' } },
  { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'settings' }, data: { colour: 'red' } },
  { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'gone' } },
  { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'gone' } },
  { apiVersion: 'v1', kind: 'Service', metadata: { name: 'gone' }, spec: { ports: [{ port: 80 }] } },
  { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'gone' } },
  {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: 'gone' },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Mi' } } },
  },
  { apiVersion: 'example.com/v1', kind: 'Oven', metadata: { name: 'gone', namespace: 'default' }, spec: { heat: 200 } },
];

const definition = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'ovens.example.com' },
  spec: {
    group: 'example.com',
    scope: 'Namespaced',
    names: { plural: 'ovens', singular: 'oven', kind: 'Oven' },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: { type: 'object', properties: { spec: { type: 'object', properties: { heat: { type: 'integer' } } } } },
        },
        additionalPrinterColumns: [{ name: 'Heat', type: 'integer', jsonPath: '.spec.heat' }],
      },
    ],
  },
};

const list = (objects: readonly object[]): string => JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects });

/** The objects as kubectl reads them. */
export const journeyObjects = { definitions: list([definition]), objects: list(items) };
