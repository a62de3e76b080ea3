/** An operator in Python on kopf: it computes the status of custom objects, and lets them go by its finalizer. */
import { eventually } from '../../support/eventually.ts';
import { sitePackages } from '../python-packages.ts';
import type { Program } from '../program.ts';

const handlers = `
import kopf

@kopf.on.create('squares.kopf.example.com')
@kopf.on.update('squares.kopf.example.com')
def area(spec, body, patch, **_):
    patch.status['area'] = spec['side'] ** 2
    kopf.event(body, type='Normal', reason='Computed', message=f"{spec['side']} squared")

@kopf.on.delete('squares.kopf.example.com')
def forget(name, logger, **_):
    logger.info(f'{name} goes')
`;

const manifest = (version: string): string => `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: squares.kopf.example.com }
spec:
  group: kopf.example.com
  scope: Namespaced
  names: { kind: Square, plural: squares, singular: square }
  versions:
  - name: v1
    served: true
    storage: true
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec: { type: object, properties: { side: { type: integer } } }
          status: { type: object, x-kubernetes-preserve-unknown-fields: true }
---
apiVersion: v1
kind: Namespace
metadata: { name: kopf }
---
apiVersion: v1
kind: ServiceAccount
metadata: { name: operator, namespace: kopf }
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: { name: kopf-operator }
rules:
- { apiGroups: [apiextensions.k8s.io], resources: [customresourcedefinitions], verbs: [list, watch] }
- { apiGroups: [''], resources: [namespaces], verbs: [list, watch] }
- { apiGroups: [''], resources: [events], verbs: [create] }
- { apiGroups: [kopf.example.com], resources: [squares, squares/status], verbs: [list, watch, patch] }
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: { name: kopf-operator }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: kopf-operator }
subjects: [{ kind: ServiceAccount, name: operator, namespace: kopf }]
---
apiVersion: v1
kind: ConfigMap
metadata: { name: operator, namespace: kopf }
data: { handlers.py: ${JSON.stringify(handlers)} }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: operator, namespace: kopf }
spec:
  selector: { matchLabels: { app: operator } }
  template:
    metadata: { labels: { app: operator } }
    spec:
      serviceAccountName: operator
      terminationGracePeriodSeconds: 5
      containers:
      - name: operator
        image: example.com/kopf:${version}
        args: [run, --standalone, --all-namespaces, --liveness=http://0.0.0.0:8080/healthz, /handlers/handlers.py]
        env: [{ name: PYTHONPATH, value: /${sitePackages} }, { name: USER, value: operator }]
        readinessProbe: { httpGet: { path: /healthz, port: 8080 }, periodSeconds: 2, timeoutSeconds: 5 }
        volumeMounts: [{ name: handlers, mountPath: /handlers }]
      volumes: [{ name: handlers, configMap: { name: operator } }]
`;

const square = (id: string, side: number): string => `
apiVersion: kopf.example.com/v1
kind: Square
metadata: { name: ${id} }
spec: { side: ${side} }
`;

export const kopf: Program = {
  name: 'kopf',
  versions: ['1.45.2'],
  proves: 'an operator in Python computes the status of new and changed custom objects, records Events, lets them go by its finalizer',
  source: { kind: 'python', package: 'kopf' },
  images: (version) => [
    { name: `example.com/kopf:${version}`, on: 'python', entrypoint: ['/usr/bin/python3', '-m', 'kopf'], user: '65534' },
  ],
  controllers: ['kopf deployment/operator'],

  async install({ apply, kubectl }, version) {
    await apply(manifest(version));
    await kubectl.ok('rollout', 'status', '-n', 'kopf', 'deployment/operator', '--timeout=240s');
  },

  async use({ apply, kubectl }, { id, limitMs }) {
    for (const side of [3, 4]) {
      await apply(square(id, side));
      await kubectl.ok('wait', `square/${id}`, `--for=jsonpath={.status.area}=${side ** 2}`, `--timeout=${Math.ceil(limitMs / 1000)}s`);
    }
    await eventually(async () => {
      const messages = await kubectl.ok(
        'get',
        'events',
        '--field-selector',
        `involvedObject.name=${id}`,
        '-o',
        'jsonpath={.items[*].message}',
      );
      if (!messages.includes('4 squared')) throw new Error(`the Events are ${messages}`);
    }, limitMs);
    const finalizers = await kubectl.ok('get', 'square', id, '-o', 'jsonpath={.metadata.finalizers}');
    if (!finalizers.includes('kopf')) throw new Error(`the finalizers are ${finalizers}`);
    await kubectl.ok('delete', 'square', id, '--timeout=60s');
  },

  async remove({ kubectl }) {
    // One that was made while the operator was stopped got its finalizer later.
    await kubectl.ok('delete', 'squares', '--all', '--timeout=60s');
    await kubectl.ok('delete', 'crd', 'squares.kopf.example.com', '--timeout=60s');
    await kubectl.ok('delete', 'namespace', 'kopf', '--timeout=120s');
    await kubectl.ok('delete', 'clusterrole,clusterrolebinding', 'kopf-operator');
  },
};
