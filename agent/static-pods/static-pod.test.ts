import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Json } from '../../functions/kube/object.ts';
import { mirrorOf, staticPod } from './static-pod.ts';

const place = { nodeName: 'Node-A', path: '/manifests/web.yaml' };
const manifest = (more: { spec?: object; metadata?: object; kind?: string } = {}): Json =>
  JSON.parse(
    JSON.stringify({
      apiVersion: 'v1',
      kind: more.kind ?? 'Pod',
      metadata: { name: 'web', ...more.metadata },
      spec: { containers: [{ name: 'main', image: 'nginx:1' }], ...more.spec },
    }),
  );

describe('a manifest', () => {
  test('a manifest is a pod of this node, with the defaults that the API would give it', () => {
    const pod = staticPod(manifest(), place);
    assert.deepEqual([pod.metadata.name, pod.metadata.namespace, pod.spec.nodeName], ['web-node-a', 'default', 'Node-A']);
    assert.deepEqual([pod.spec.restartPolicy, pod.spec.containers[0]!.imagePullPolicy], ['Always', 'IfNotPresent']);
    assert.deepEqual(pod.spec.tolerations, [{ operator: 'Exists', effect: 'NoExecute' }]);
    assert.deepEqual(pod.status, { phase: 'Pending', qosClass: 'BestEffort' });
    assert.deepEqual(pod.metadata.annotations, {
      'kubernetes.io/config.hash': pod.metadata.uid,
      'kubernetes.io/config.source': 'file',
    });
  });

  test('a manifest is the same pod each time, and another one when it, its file or its node is another', () => {
    const uid = (of: Json, more: Partial<typeof place> = {}): string | undefined => staticPod(of, { ...place, ...more }).metadata.uid;
    assert.match(uid(manifest())!, /^[0-9a-f]{32}$/);
    assert.equal(uid(manifest()), uid(manifest()));
    const others = [uid(manifest({ spec: { hostNetwork: true } })), uid(manifest(), { path: '/b' }), uid(manifest(), { nodeName: 'b' })];
    assert.equal(new Set([uid(manifest()), ...others]).size, 4);
    assert.equal(uid(manifest({ metadata: { uid: 'given' } })), 'given');
  });

  const refused: readonly (readonly [string, Json, string])[] = [
    ['that is a list', [], 'invalid pod: the manifest is no object'],
    ['of another kind', manifest({ kind: 'Service' }), 'invalid pod: it is of kind "Service" in version "v1"'],
    ['without a name', manifest({ metadata: { name: '' } }), 'invalid pod: name is needed for the pod'],
    ['without containers', manifest({ spec: { containers: [] } }), 'invalid pod: spec.containers: Required value'],
    [
      'whose container has no image',
      manifest({ spec: { containers: [{ name: 'a' }] } }),
      'invalid pod: each container needs a name and an image',
    ],
    [
      'that names a Secret',
      manifest({ spec: { volumes: [{ name: 's', secret: { secretName: 's' } }] } }),
      'static pods may not reference secrets',
    ],
    ['that names a service account', manifest({ spec: { serviceAccountName: 'x' } }), 'static pods may not reference serviceaccounts'],
  ];
  for (const [what, value, message] of refused) {
    test(`${what} is refused`, () => {
      assert.throws(() => staticPod(value, place), { name: 'ManifestError', message });
    });
  }

  test('a manifest is shown by a mirror that belongs to the node and carries its hash', () => {
    const pod = staticPod(manifest(), place);
    const mirror = mirrorOf(pod, { name: 'Node-A', uid: 'n1' });
    assert.equal(mirror.metadata.uid, undefined);
    assert.equal(mirror.metadata.annotations!['kubernetes.io/config.mirror'], pod.metadata.uid);
    assert.deepEqual(mirror.metadata.ownerReferences, [{ apiVersion: 'v1', kind: 'Node', name: 'Node-A', uid: 'n1', controller: true }]);
    assert.deepEqual(mirror.spec, pod.spec);
  });
});
