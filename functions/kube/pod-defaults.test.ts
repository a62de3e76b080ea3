import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Pod } from './generated/types.ts';
import { defaultPullPolicy, setPodDefaults } from './pod-defaults.ts';

const pod = (spec: Partial<Pod['spec']>): Pod => ({
  metadata: { name: 'web', namespace: 'default' },
  spec: { containers: [{ name: 'c', image: 'nginx' }], ...spec },
});

const defaulted = (spec: Partial<Pod['spec']>): Pod['spec'] => {
  const object = pod(spec);
  setPodDefaults(object);
  return object.spec;
};

test('a pod with one container gets everything that the author left out', () => {
  assert.deepEqual(defaulted({}), {
    containers: [
      {
        name: 'c',
        image: 'nginx',
        imagePullPolicy: 'Always',
        resources: {},
        terminationMessagePath: '/dev/termination-log',
        terminationMessagePolicy: 'File',
      },
    ],
    dnsPolicy: 'ClusterFirst',
    enableServiceLinks: true,
    restartPolicy: 'Always',
    schedulerName: 'default-scheduler',
    securityContext: {},
    terminationGracePeriodSeconds: 30,
  });
});

const digest = `sha256:${'ab'.repeat(32)}`;

for (const [image, policy] of [
  ['nginx', 'Always'],
  ['nginx:latest', 'Always'],
  ['registry:5000/nginx', 'Always'],
  ['registry:5000/nginx:1.27', 'IfNotPresent'],
  [`nginx@${digest}`, 'IfNotPresent'],
  [`nginx:latest@${digest}`, 'Always'],
  ['nginx:latest@sha256:abc', 'IfNotPresent'],
  ['A B', 'IfNotPresent'],
  ['', 'IfNotPresent'],
] as const) {
  test(`the image ${JSON.stringify(image)} is pulled ${policy}`, () => assert.equal(defaultPullPolicy(image), policy));
}

test('requests follow limits where they are not given', () => {
  const resources = { limits: { cpu: '1', memory: '1Gi' }, requests: { cpu: '500m' } };
  const { containers } = defaulted({ containers: [{ name: 'c', image: 'nginx', resources }] });
  assert.deepEqual(containers[0]?.resources, { limits: { cpu: '1', memory: '1Gi' }, requests: { cpu: '500m', memory: '1Gi' } });
});

test('in the network of the node a port of a container is a port of the node', () => {
  const ports = [{ containerPort: 80 }];
  const { containers } = defaulted({ hostNetwork: true, containers: [{ name: 'c', image: 'nginx', ports }] });
  assert.deepEqual(containers[0]?.ports, [{ containerPort: 80, hostPort: 80, protocol: 'TCP' }]);
});

test('volumes get the mode of their files, and are empty directories when they name no source', () => {
  const { volumes } = defaulted({
    volumes: [
      { name: 'a', configMap: { name: 'x' } },
      { name: 'b', secret: { secretName: 'x' } },
      { name: 'c' },
      { name: 'd', hostPath: { path: '/' } },
      { name: 'e', projected: { sources: [{ serviceAccountToken: { path: 'token' } }] } },
      { name: 'f', downwardAPI: { items: [{ path: 'n', fieldRef: { fieldPath: 'metadata.name' } }] } },
    ],
  });
  assert.deepEqual(volumes, [
    { name: 'a', configMap: { name: 'x', defaultMode: 420 } },
    { name: 'b', secret: { secretName: 'x', defaultMode: 420 } },
    { name: 'c', emptyDir: {} },
    { name: 'd', hostPath: { path: '/', type: '' } },
    { name: 'e', projected: { sources: [{ serviceAccountToken: { path: 'token', expirationSeconds: 3600 } }], defaultMode: 420 } },
    {
      name: 'f',
      downwardAPI: { items: [{ path: 'n', fieldRef: { fieldPath: 'metadata.name', apiVersion: 'v1' } }], defaultMode: 420 },
    },
  ]);
});

test('probes get their times and the path they ask for', () => {
  const { containers } = defaulted({ containers: [{ name: 'c', image: 'nginx', readinessProbe: { httpGet: { port: 80 } } }] });
  assert.deepEqual(containers[0]?.readinessProbe, {
    httpGet: { port: 80, path: '/', scheme: 'HTTP' },
    timeoutSeconds: 1,
    periodSeconds: 10,
    successThreshold: 1,
    failureThreshold: 3,
  });
});

test('both fields for the service account hold the same', () => {
  assert.equal(defaulted({ serviceAccount: 'robot' }).serviceAccountName, 'robot');
  assert.equal(defaulted({ serviceAccountName: 'robot' }).serviceAccount, 'robot');
});

test('defaults are settled after one pass', () => {
  const once = defaulted({ hostNetwork: true, volumes: [{ name: 'c' }] });
  assert.deepEqual(defaulted(structuredClone(once)), once);
});
