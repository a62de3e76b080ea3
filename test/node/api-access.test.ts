/** A pod talks to the API of its own cluster, with nothing but what it finds in its container. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startCluster, type TestCluster } from '../support/cluster-process.ts';
import { eventually } from '../support/eventually.ts';
import type { Kubectl } from '../support/kubectl.ts';
import { imageFiles, reasonToSkipContainers } from '../support/real-nodes.ts';

const client = `
apiVersion: v1
kind: ServiceAccount
metadata: { name: reader }
---
apiVersion: v1
kind: Pod
metadata: { name: client }
spec:
  serviceAccountName: reader
  terminationGracePeriodSeconds: 0
  containers:
  - { name: curl, image: 'curlimages/curl', imagePullPolicy: IfNotPresent, command: [sleep, '100000'] }
---
apiVersion: v1
kind: Pod
metadata: { name: loner }
spec:
  automountServiceAccountToken: false
  terminationGracePeriodSeconds: 0
  containers:
  - { name: curl, image: 'curlimages/curl', imagePullPolicy: IfNotPresent, command: [sleep, '100000'] }
`;
const directory = '/var/run/secrets/kubernetes.io/serviceaccount';

interface Answer {
  readonly kind: string;
  readonly message?: string;
  readonly items?: readonly { readonly metadata: { readonly name: string } }[];
  readonly status?: { readonly userInfo: { readonly username: string; readonly extra: Readonly<Record<string, readonly string[]>> } };
}

describe('a pod and the API', { skip: await reasonToSkipContainers() }, () => {
  let cluster: TestCluster;
  let kubectl: Kubectl;
  before(async () => {
    cluster = await startCluster({ nodes: 1, runtime: 'containerd', images: await imageFiles() });
    kubectl = cluster.kubectl;
    const { code, stderr } = await kubectl.run(['apply', '-f', '-'], { input: client });
    assert.equal(code, 0, stderr);
    await kubectl.ok('wait', '--for=condition=Ready', 'pod/client', 'pod/loner', '--timeout=240s');
  });
  after(() => cluster?.remove());

  const inPod = (script: string): Promise<string> => kubectl.ok('exec', 'client', '--', 'sh', '-c', script);
  const ask = async (path: string, more = ''): Promise<Answer> => {
    const url = `https://kubernetes.default.svc${path}`;
    const curl = `curl -sS --max-time 60 --cacert ${directory}/ca.crt -H "Authorization: Bearer $(cat ${directory}/token)" ${more} ${url}`;
    return JSON.parse(await inPod(curl)) as Answer;
  };

  test('a pod knows its namespace, and the API knows the pod', async () => {
    assert.equal(await inPod(`cat ${directory}/namespace`), 'default');
    const review = '{"apiVersion":"authentication.k8s.io/v1","kind":"SelfSubjectReview"}';
    const { status } = await ask('/apis/authentication.k8s.io/v1/selfsubjectreviews', `-H "Content-Type: application/json" -d '${review}'`);
    assert.equal(status?.userInfo.username, 'system:serviceaccount:default:reader');
    assert.deepEqual(status?.userInfo.extra['authentication.kubernetes.io/pod-name'], ['client']);
  });

  test('a pod may do what its ServiceAccount may', async () => {
    const path = '/api/v1/namespaces/default/pods';
    assert.equal(
      (await ask(path)).message,
      'pods is forbidden: User "system:serviceaccount:default:reader" cannot list resource "pods" in API group "" in the namespace "default"',
    );
    await kubectl.ok('create', 'rolebinding', 'reader', '--clusterrole=view', '--serviceaccount=default:reader');
    await eventually(async () => {
      const { items } = await ask(path);
      assert.deepEqual(
        items?.map(({ metadata }) => metadata.name),
        ['client', 'loner'],
      );
    });
  });

  test('a pod that does not want a token has none', async () => {
    assert.equal(await kubectl.ok('get', 'pod', 'loner', '-o', 'jsonpath={.spec.volumes}'), '');
    const { code } = await kubectl.run(['exec', 'loner', '--', 'ls', directory]);
    assert.notEqual(code, 0);
  });

  test('kubectl describe shows where the token is and what it is made of', async () => {
    const text = await kubectl.ok('describe', 'pod', 'client');
    assert.match(text, /\/var\/run\/secrets\/kubernetes\.io\/serviceaccount from kube-api-access-\w{5} \(ro\)/);
    assert.match(text, /Type: +Projected \(a volume that contains injected data from multiple sources\)\n +TokenExpirationSeconds: +3607/);
  });
});
