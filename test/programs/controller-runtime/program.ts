/** The operator of its example `crd`: a ChaosPod has a pod, which the operator replaces at a time that it writes down. */
import { eventually } from '../../support/eventually.ts';
import type { Program } from '../program.ts';

/** The example has the Go type alone; the definition is what its markers describe. */
const manifest = (version: string): string => `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: chaospods.chaosapps.metamagical.io }
spec:
  group: chaosapps.metamagical.io
  scope: Namespaced
  names: { kind: ChaosPod, listKind: ChaosPodList, plural: chaospods, singular: chaospod }
  versions:
  - name: v1
    served: true
    storage: true
    additionalPrinterColumns: [{ name: next stop, type: string, format: date, jsonPath: .spec.nextStop }]
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec:
            type: object
            required: [template]
            properties:
              template: { type: object, x-kubernetes-preserve-unknown-fields: true }
              nextStop: { type: string, format: date-time }
          status: { type: object, properties: { lastRun: { type: string, format: date-time } } }
---
apiVersion: v1
kind: Namespace
metadata: { name: chaos }
---
apiVersion: v1
kind: ServiceAccount
metadata: { name: chaos, namespace: chaos }
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: { name: chaos }
rules:
- { apiGroups: [chaosapps.metamagical.io], resources: [chaospods], verbs: [get, list, watch, update] }
- { apiGroups: [chaosapps.metamagical.io], resources: [chaospods/finalizers], verbs: [update] }
- { apiGroups: [''], resources: [pods], verbs: [get, list, watch, create, delete] }
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: { name: chaos }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: chaos }
subjects: [{ kind: ServiceAccount, name: chaos, namespace: chaos }]
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: chaos, namespace: chaos }
spec:
  selector: { matchLabels: { app: chaos } }
  template:
    metadata: { labels: { app: chaos } }
    spec:
      serviceAccountName: chaos
      containers: [{ name: operator, image: 'example.com/chaos:${version}' }]
`;

const chaosPod = (id: string): string => `
apiVersion: chaosapps.metamagical.io/v1
kind: ChaosPod
metadata: { name: ${id} }
spec:
  nextStop: '2020-01-01T00:00:00Z'
  template:
    spec:
      terminationGracePeriodSeconds: 0
      containers: [{ name: shell, image: 'busybox:1.36', command: [sleep, '100000'] }]
`;

export const controllerRuntime: Program = {
  name: 'controller-runtime',
  versions: ['v0.25.2'],
  proves: 'the operator of its example makes the pod of a custom object, writes when it will stop it, and replaces it then',
  source: { kind: 'go', path: 'sigs.k8s.io/controller-runtime', packages: { crd: './examples/crd' } },
  images: (version) => [{ name: `example.com/chaos:${version}`, programs: { crd: '/manager' }, entrypoint: ['/manager'], user: '65532' }],
  controllers: ['chaos deployment/chaos'],

  async install({ apply, kubectl }, version) {
    await apply(manifest(version));
    await kubectl.ok('wait', '--for=condition=Established', 'crd/chaospods.chaosapps.metamagical.io', '--timeout=60s');
    await kubectl.ok('rollout', 'status', '-n', 'chaos', 'deployment/chaos', '--timeout=240s');
  },

  async use({ apply, kubectl }, { id, limitMs }) {
    await apply(chaosPod(id));
    const uidOfPod = (): Promise<string> =>
      eventually(() => kubectl.ok('get', 'pod', id, '-o', 'jsonpath={.metadata.uid} {.metadata.ownerReferences[0].kind}'), limitMs);
    const first = await uidOfPod();
    if (!first.endsWith(' ChaosPod')) throw new Error(`its pod is owned by ${first}`);
    await eventually(async () => {
      const next = await uidOfPod();
      if (next === first) throw new Error('its pod was not replaced');
    }, limitMs);
    await kubectl.ok('delete', 'chaospod', id);
    await kubectl.ok('wait', '--for=delete', `pod/${id}`, '--timeout=60s');
  },

  async remove({ kubectl }) {
    await kubectl.ok('delete', 'crd', 'chaospods.chaosapps.metamagical.io');
    await kubectl.ok('delete', 'namespace', 'chaos', '--timeout=120s');
    await kubectl.ok('delete', 'clusterrole,clusterrolebinding', 'chaos');
  },
};
