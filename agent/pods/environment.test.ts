import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Container, EnvVar, Pod } from '../../functions/kube/generated/types.ts';
import { environmentOf, expand, type EnvironmentInput } from './environment.ts';
import { ContainerConfigError } from './lookup.ts';

const input = (container: Partial<Container>): EnvironmentInput => {
  const whole: Container = { name: 'main', ...container };
  const pod: Pod = { metadata: { name: 'web', namespace: 'default', uid: 'u', labels: { app: 'web' } }, spec: { containers: [whole] } };
  return {
    pod,
    container: whole,
    podIps: ['10.0.0.2'],
    hostIps: ['192.168.0.1'],
    nodeName: 'node-a',
    allocatable: { cpu: '2', memory: '1Gi' },
    lookup: {
      configMap: (_namespace, name) => (name === 'settings' ? { metadata: { name }, data: { color: 'blue' } } : undefined),
      secret: (_namespace, name) => (name === 'key' ? { metadata: { name }, data: { token: 'c2VjcmV0' } } : undefined),
      runtimeClass: () => undefined,
      clusterTrustBundles: () => [],
      services: () => [
        { metadata: { name: 'kubernetes', namespace: 'default' }, spec: { clusterIP: '10.96.0.1', ports: [{ name: 'https', port: 443 }] } },
        { metadata: { name: 'headless', namespace: 'default' }, spec: { clusterIP: 'None', ports: [{ port: 80 }] } },
        { metadata: { name: 'far', namespace: 'other' }, spec: { clusterIP: '10.96.0.9', ports: [{ port: 80 }] } },
      ],
    },
  };
};
const values = (container: Partial<Container>): Record<string, string> => Object.fromEntries(environmentOf(input(container)));

test('names the services that the pod can see', () => {
  assert.deepEqual(values({}), {
    KUBERNETES_SERVICE_HOST: '10.96.0.1',
    KUBERNETES_SERVICE_PORT: '443',
    KUBERNETES_SERVICE_PORT_HTTPS: '443',
    KUBERNETES_PORT: 'tcp://10.96.0.1:443',
    KUBERNETES_PORT_443_TCP: 'tcp://10.96.0.1:443',
    KUBERNETES_PORT_443_TCP_PROTO: 'tcp',
    KUBERNETES_PORT_443_TCP_PORT: '443',
    KUBERNETES_PORT_443_TCP_ADDR: '10.96.0.1',
  });
});

test('takes values from objects, fields and resources, later ones over earlier ones', () => {
  const env = values({
    resources: { limits: { memory: '64Mi' } },
    envFrom: [{ configMapRef: { name: 'settings' }, prefix: 'C_' }, { secretRef: { name: 'key' } }],
    env: [
      { name: 'C_color', value: 'red' },
      { name: 'IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
      { name: 'APP', valueFrom: { fieldRef: { fieldPath: "metadata.labels['app']" } } },
      { name: 'MIB', valueFrom: { resourceFieldRef: { resource: 'limits.memory', divisor: '1Mi' } } },
      { name: 'CPUS', valueFrom: { resourceFieldRef: { resource: 'limits.cpu' } } },
      { name: 'URL', value: 'http://$(IP)/$(APP) $$(APP) $(NOBODY)' },
      { name: 'MAYBE', valueFrom: { configMapKeyRef: { name: 'absent', key: 'x', optional: true } } },
    ],
  });
  assert.deepEqual(
    [env['C_color'], env['token'], env['IP'], env['APP'], env['MIB'], env['CPUS'], env['URL'], env['MAYBE']],
    ['red', 'secret', '10.0.0.2', 'web', '64', '2', 'http://10.0.0.2/web $(APP) $(NOBODY)', undefined],
  );
});

test('a missing ConfigMap, Secret or key is refused with the kubelet’s message', () => {
  const refused = (container: Partial<Container>, message: string): void =>
    assert.throws(
      () => values(container),
      (error) => error instanceof ContainerConfigError && error.message === message,
    );
  refused({ env: [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'absent', key: 'x' } } }] }, 'configmap "absent" not found');
  refused({ env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 'absent', key: 'x' } } }] }, 'secret "absent" not found');
  refused(
    { env: [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'settings', key: 'x' } } }] },
    "couldn't find key x in ConfigMap default/settings",
  );
  refused({ env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 'key', key: 'x' } } }] }, "couldn't find key x in Secret default/key");
  refused({ envFrom: [{ configMapRef: { name: 'absent' } }] }, 'configmap "absent" not found');
});

test('expands only what it knows', () => {
  assert.equal(expand('$(A)$(B) $$(A) $ $A $(', new Map([['A', '1']])), '1$(B) $(A) $ $A $(');
});

test('a variable comes from a file that a container of the pod wrote', () => {
  const fileKeyRef = { volumeName: 'shared', path: 'made.env', key: 'A' };
  const named = (name: string, more: object): EnvVar => ({ name, valueFrom: { fileKeyRef: { ...fileKeyRef, ...more } } });
  const envFiles = new Map([['shared/made.env', "A='one'\n"]]);
  const of = (...env: EnvVar[]): Record<string, string> => Object.fromEntries(environmentOf({ ...input({ env }), envFiles }));
  const { FIRST, SECOND } = of(named('FIRST', {}), named('SECOND', { key: 'B', optional: true }));
  assert.deepEqual([FIRST, SECOND], ['one', undefined]);
  assert.throws(
    () => of(named('THIRD', { key: 'B' })),
    new ContainerConfigError('environment variable key "B" not found in file "made.env"'),
  );
});
