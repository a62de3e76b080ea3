/** The objects that benchmarks store: a pod of about 1.1 KB of JSON, and one as large as those of busy clusters, 14 KB. */
import type { KubeObject } from '../../functions/kube/object.ts';

export type PodSize = '1.1 KB' | '4.5 KB' | '14 KB';

const hash = (text: string): string => {
  let value = 2166136261;
  for (const letter of text) value = Math.imul(value ^ letter.charCodeAt(0), 16777619) >>> 0;
  return value.toString(16).padStart(8, '0');
};

/** Differs from pod to pod, and is as long as a real one. */
const uid = (name: string): string =>
  `${hash(name)}-${hash(`${name}b`).slice(0, 4)}-4${hash(`${name}c`).slice(0, 3)}-9${hash(`${name}d`).slice(0, 3)}-${hash(`${name}e`)}${hash(`${name}f`).slice(0, 4)}`;

const container = (name: string, index: number, variables: number) => ({
  name: `container-${index}`,
  image: `registry.example/team-${index}/application:v1.${index}.${hash(name).slice(0, 4)}`,
  args: ['--listen=0.0.0.0:8080', `--instance=${name}`, '--log-level=info'],
  ports: [{ name: 'http', containerPort: 8080 + index, protocol: 'TCP' }],
  resources: { requests: { cpu: '100m', memory: '64Mi' }, limits: { memory: '128Mi' } },
  ...(variables === 0
    ? {}
    : {
        env: Array.from({ length: variables }, (_, variable) => ({
          name: `VARIABLE_${index}_${variable}`,
          value: hash(`${name} ${variable}`),
        })),
      }),
  terminationMessagePath: '/dev/termination-log',
  terminationMessagePolicy: 'File',
  imagePullPolicy: 'IfNotPresent',
  volumeMounts: [
    { name: `kube-api-access-${hash(name).slice(0, 5)}`, readOnly: true, mountPath: '/var/run/secrets/kubernetes.io/serviceaccount' },
  ],
});

const statusOf = (name: string, containers: number) => ({
  phase: 'Running',
  conditions: ['PodReadyToStartContainers', 'Initialized', 'Ready', 'ContainersReady', 'PodScheduled'].map((type) => ({
    type,
    status: 'True',
    lastProbeTime: null,
    lastTransitionTime: '2026-01-01T00:00:00Z',
  })),
  hostIP: '192.168.17.4',
  podIP: `10.244.${Number.parseInt(hash(name).slice(0, 2), 16)}.${Number.parseInt(hash(name).slice(2, 4), 16)}`,
  startTime: '2026-01-01T00:00:00Z',
  containerStatuses: Array.from({ length: containers }, (_, index) => ({
    name: `container-${index}`,
    state: { running: { startedAt: '2026-01-01T00:00:00Z' } },
    lastState: {},
    ready: true,
    restartCount: 0,
    image: `registry.example/team-${index}/application:v1.${index}.${hash(name).slice(0, 4)}`,
    imageID: `registry.example/team-${index}/application@sha256:${hash(name).repeat(8)}`,
    containerID: `containerd://${hash(`${name} ${index}`).repeat(8)}`,
    started: true,
  })),
  qosClass: 'Burstable',
});

/** What server-side apply and the kubelet leave behind: much of a real pod. */
const managedFields = (entries: number) =>
  Array.from({ length: entries }, (_, entry) => ({
    manager: entry === 0 ? 'kube-controller-manager' : `kubelet-${entry}`,
    operation: 'Update',
    apiVersion: 'v1',
    time: '2026-01-01T00:00:00Z',
    fieldsType: 'FieldsV1',
    fieldsV1: {
      'f:metadata': {
        'f:generateName': {},
        'f:labels': { '.': {}, 'f:app': {}, 'f:pod-template-hash': {} },
        'f:ownerReferences': { '.': {} },
      },
      'f:spec': {
        'f:containers': Object.fromEntries(
          [0, 1].map((index) => [
            `k:{"name":"container-${index}"}`,
            {
              '.': {},
              'f:args': {},
              'f:env': { '.': {} },
              'f:image': {},
              'f:imagePullPolicy': {},
              'f:name': {},
              'f:resources': {},
              'f:terminationMessagePath': {},
            },
          ]),
        ),
        'f:dnsPolicy': {},
        'f:restartPolicy': {},
        'f:schedulerName': {},
        'f:terminationGracePeriodSeconds': {},
      },
    },
  }));

const shapes: Readonly<Record<PodSize, { containers: number; variables: number; managed: number; status: boolean }>> = {
  '1.1 KB': { containers: 1, variables: 0, managed: 0, status: false },
  '4.5 KB': { containers: 2, variables: 3, managed: 1, status: true },
  '14 KB': { containers: 6, variables: 13, managed: 6, status: true },
};

export function benchPod(name: string, size: PodSize): KubeObject {
  const { containers, variables, managed, status } = shapes[size];
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      generateName: 'web-5d9c8b7f6-',
      namespace: 'default',
      uid: uid(name),
      creationTimestamp: '2026-01-01T00:00:00Z',
      labels: { app: 'web', 'pod-template-hash': '5d9c8b7f6' },
      ownerReferences: [
        { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web-5d9c8b7f6', uid: uid('web'), controller: true, blockOwnerDeletion: true },
      ],
      ...(managed === 0 ? {} : { managedFields: managedFields(managed) }),
    },
    spec: {
      containers: Array.from({ length: containers }, (_, index) => container(name, index, variables)),
      restartPolicy: 'Always',
      terminationGracePeriodSeconds: 30,
      dnsPolicy: 'ClusterFirst',
      serviceAccountName: 'default',
      nodeName: `node-${hash(name).slice(0, 2)}`,
      schedulerName: 'default-scheduler',
    },
    ...(status ? { status: statusOf(name, containers) } : {}),
  } as KubeObject;
}
