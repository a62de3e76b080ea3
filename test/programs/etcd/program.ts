/** A database of three members as a StatefulSet, each with its volume, while its nodes are drained under its budget. */
import { eventually } from '../../support/eventually.ts';
import type { Program } from '../program.ts';

const members = ['etcd-0', 'etcd-1', 'etcd-2'];
const peers = members.map((name) => `${name}=http://${name}.etcd:2380`).join();

const manifest = (version: string): string => `
apiVersion: v1
kind: Service
metadata: { name: etcd }
spec:
  clusterIP: None
  publishNotReadyAddresses: true
  selector: { app: etcd }
  ports: [{ name: client, port: 2379 }, { name: peer, port: 2380 }]
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: { name: etcd }
spec: { maxUnavailable: 1, selector: { matchLabels: { app: etcd } } }
---
apiVersion: apps/v1
kind: StatefulSet
metadata: { name: etcd }
spec:
  serviceName: etcd
  replicas: 3
  podManagementPolicy: Parallel
  selector: { matchLabels: { app: etcd } }
  template:
    metadata: { labels: { app: etcd } }
    spec:
      terminationGracePeriodSeconds: 5
      topologySpreadConstraints:
      - { maxSkew: 1, topologyKey: kubernetes.io/hostname, whenUnsatisfiable: ScheduleAnyway, labelSelector: { matchLabels: { app: etcd } } }
      containers:
      - name: etcd
        image: example.com/etcd:${version}
        env: [{ name: POD_NAME, valueFrom: { fieldRef: { fieldPath: metadata.name } } }]
        command:
        - etcd
        - --name=$(POD_NAME)
        - --data-dir=/data/etcd
        - --listen-client-urls=http://0.0.0.0:2379
        - --listen-peer-urls=http://0.0.0.0:2380
        - --advertise-client-urls=http://$(POD_NAME).etcd:2379
        - --initial-advertise-peer-urls=http://$(POD_NAME).etcd:2380
        - --initial-cluster=${peers}
        readinessProbe: { httpGet: { path: /health, port: 2379 }, periodSeconds: 2, timeoutSeconds: 5 }
        volumeMounts: [{ name: data, mountPath: /data }]
  volumeClaimTemplates:
  - metadata: { name: data }
    spec: { accessModes: [ReadWriteOnce], resources: { requests: { storage: 256Mi } } }
`;

interface Pods {
  readonly items: readonly { readonly metadata: { readonly name: string }; readonly spec: { readonly nodeName?: string } }[];
}

export const etcd: Program = {
  name: 'etcd',
  versions: ['3.5.16'],
  proves: 'three members with volumes agree; a drain waits at its budget while writes go on; what was written outlives every pod',
  source: { kind: 'debian', package: 'etcd-server', with: ['etcd-client'], programs: [] },
  images: (version) => [{ name: `example.com/etcd:${version}`, on: 'debian', entrypoint: [] }],
  controllers: ['default statefulset/etcd'],

  async install({ apply, kubectl }, version) {
    await apply(manifest(version));
    await kubectl.ok('rollout', 'status', 'statefulset/etcd', '--timeout=240s');
  },

  async use({ kubectl }, { id, limitMs }) {
    const on = (member: string, ...words: string[]): Promise<string> =>
      kubectl.ok('exec', member, '--', 'etcdctl', '--command-timeout=20s', ...words);
    const holds = async (member: string, key: string): Promise<void> => {
      const value = await on(member, 'get', '--print-value-only', key);
      if (value !== `${id}\n`) throw new Error(`${member} has ${value} at ${key}`);
    };
    await on('etcd-0', 'put', `${id}/before`, id);
    const { items } = await kubectl.json<Pods>('get', 'pods', '-l', 'app=etcd');
    const crowded = ['node-1', 'node-2'].find((node) => items.filter(({ spec }) => spec.nodeName === node).length === 2);
    if (crowded === undefined) throw new Error('no node has two of the three members');
    const elsewhere = items.find(({ spec }) => spec.nodeName !== crowded)?.metadata.name ?? '';
    try {
      // The first member goes and finds no other node with its volume; the second must stay.
      const drained = await kubectl.run(['drain', crowded, '--pod-selector=app=etcd', '--timeout=20s']);
      if (drained.code === 0 || !drained.stderr.includes("violate the pod's disruption budget"))
        throw new Error(`the drain did not wait: ${drained.stderr}`);
      await on(elsewhere, 'put', `${id}/during`, id);
    } finally {
      await kubectl.ok('uncordon', crowded);
    }
    await kubectl.ok('delete', 'pod', '-l', 'app=etcd');
    await kubectl.ok('rollout', 'status', 'statefulset/etcd', `--timeout=${Math.ceil(limitMs / 1000)}s`);
    for (const member of members) {
      await eventually(() => holds(member, `${id}/before`), limitMs);
      await holds(member, `${id}/during`);
    }
  },

  async remove({ kubectl }) {
    await kubectl.ok('delete', 'statefulset,service,poddisruptionbudget', 'etcd');
    await kubectl.ok('delete', 'persistentvolumeclaim', '-l', 'app=etcd');
    await eventually(async () => {
      const left = await kubectl.ok('get', 'persistentvolumes', '-o', 'name');
      if (left !== '') throw new Error(`${left} outlives its claim`);
    });
  },
};
