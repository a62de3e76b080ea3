/**
 * Pods of a cluster whose API has a name and no address, as on AWS: stock clients find it with what is in their container.
 * kubectl in a pod is client-go with its in-cluster configuration.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startCluster, type TestCluster } from '../support/cluster-process.ts';
import { eventually } from '../support/eventually.ts';
import { newestKubectl } from '../support/kubectl.ts';
import { imageFiles, reasonToSkipContainers } from '../support/real-nodes.ts';

const pod = (name: string, script: string, more = ''): string => `
---
apiVersion: v1
kind: Pod
metadata: { name: ${name} }
spec:
  serviceAccountName: reader
  restartPolicy: Never
  terminationGracePeriodSeconds: 0${more}
  volumes:
  - { name: kubectl, hostPath: { path: ${newestKubectl()}, type: File } }
  containers:
  - name: client
    image: curlimages/curl
    imagePullPolicy: IfNotPresent
    command: [sh, -c, ${JSON.stringify(script)}]
    volumeMounts:
    - { name: kubectl, mountPath: /kubectl }
`;

const directory = '/var/run/secrets/kubernetes.io/serviceaccount';
const curl = `curl -sS --max-time 60 --cacert ${directory}/ca.crt -H "Authorization: Bearer $(cat ${directory}/token)"`;

const manifest = `
apiVersion: v1
kind: ServiceAccount
metadata: { name: reader }
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: { name: reader }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view }
subjects: [{ kind: ServiceAccount, name: reader, namespace: default }]
${pod('client', `/kubectl auth whoami -o jsonpath={.status.userInfo.username}; echo; /kubectl get pod client -o name`)}
${pod('machine', '/kubectl get pod machine -o name', '\n  hostNetwork: true')}
${pod('named', `${curl} https://kubernetes.default.svc/api/v1/namespaces/default/pods/named; ${curl} https://kubernetes.default.svc.cluster.local/readyz`)}
${pod('watcher', '/kubectl get configmaps --watch -o name')}
`;

describe('a pod where the API has no address', { skip: await reasonToSkipContainers() }, () => {
  let cluster: TestCluster;
  before(async () => {
    cluster = await startCluster({ nodes: 1, runtime: 'containerd', cloud: 'local', images: await imageFiles() });
    const { code, stderr } = await cluster.kubectl.run(['apply', '-f', '-'], { input: manifest });
    assert.equal(code, 0, stderr);
  });
  after(() => cluster?.remove());

  const logOf = async (name: string): Promise<string> => {
    await cluster.kubectl.ok('wait', '--for=jsonpath={.status.phase}=Succeeded', `pod/${name}`, '--timeout=240s');
    return cluster.kubectl.ok('logs', name);
  };

  test('a cluster without an address of the API shows none', async () => {
    const addresses = await cluster.kubectl.ok('get', 'endpointslice', 'kubernetes', '-o', 'jsonpath={.endpoints[*].addresses[*]}');
    assert.equal(addresses, '192.0.2.1');
  });

  test('client-go asks as the pod’s ServiceAccount', async () => {
    assert.equal(await logOf('client'), 'system:serviceaccount:default:reader\npod/client\n');
  });

  test('client-go asks so in the network of its machine, too', async () => {
    assert.equal(await logOf('machine'), 'pod/machine\n');
  });

  test('the names of the Service lead there, and their certificate is trusted', async () => {
    const [object, ready] = (await logOf('named')).split(/(?<=})(?=ok$)/);
    assert.deepEqual((JSON.parse(object ?? '') as { metadata: { name: string } }).metadata.name, 'named');
    assert.equal(ready, 'ok');
  });

  test('a watch sees what happens', async () => {
    await cluster.kubectl.ok('wait', '--for=condition=Ready', 'pod/watcher', '--timeout=240s');
    await cluster.kubectl.ok('create', 'configmap', 'news');
    await eventually(async () => assert.match(await cluster.kubectl.ok('logs', 'watcher'), /^configmap\/news$/m));
  });
});
