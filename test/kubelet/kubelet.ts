/**
 * Upstream's kubelet and kube-proxy join a cluster of ours by CSR, as a node beside one that our agent makes: pods of both serve one
 * Service, and what kubectl asks of a pod goes through its kubelet. CACHE names the folder whose `bin` holds the programs;
 * they are built there from their Go modules where it lacks them.
 */
import assert from 'node:assert/strict';
import { createHash, randomBytes, webcrypto } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
// x509 resolves its parts by decorators at load time; the polyfill must be there first.
import 'reflect-metadata';
import * as x509 from '@peculiar/x509';
import { conditionOf } from '../../functions/kube/conditions.ts';
import type { CertificateSigningRequest, EndpointSlice, Node, Pod, Service } from '../../functions/kube/generated/types.ts';
import { findNodePrograms, upstreamVersion } from '../compare/servers/programs.ts';
import { startCluster, type TestCluster } from '../support/cluster-process.ts';
import { eventually } from '../support/eventually.ts';
import { freeNetworks, networkFlags } from '../support/free-networks.ts';
import type { Kubectl } from '../support/kubectl.ts';
import { imageFiles, reasonToSkipContainers } from '../support/real-nodes.ts';
import { createKubeletNode, type KubeletNode } from './kubelet-node.ts';

const cache = process.env['CACHE'] ?? join(import.meta.dirname, '../../.cache');
const name = 'kubelet-1';

/** What a cluster's administrator allows kubelets. Source: Kubernetes' documentation, "TLS bootstrapping" */
const bindings = [
  ['request', 'system:node-bootstrapper', 'system:bootstrappers'],
  ['approve', 'system:certificates.k8s.io:certificatesigningrequests:nodeclient', 'system:bootstrappers'],
  ['renew', 'system:certificates.k8s.io:certificatesigningrequests:selfnodeclient', 'system:nodes'],
] as const;

const webPod = (podName: string, nodeName: string): string => `
apiVersion: v1
kind: Pod
metadata: { name: ${podName}, labels: { app: web } }
spec:
  nodeName: ${nodeName}
  terminationGracePeriodSeconds: 2
  containers:
  - name: echo
    image: echo:v1
    ports: [{ containerPort: 8080 }]
    readinessProbe: { httpGet: { path: /healthz, port: 8080 }, periodSeconds: 1 }
  - name: shell
    image: busybox:1.36
    command: [sh, -c, 'echo "$COLOR in $(cat /settings/shape)"; sleep 100000']
    env: [{ name: COLOR, valueFrom: { configMapKeyRef: { name: settings, key: color } } }]
    volumeMounts: [{ name: settings, mountPath: /settings }]
  volumes: [{ name: settings, configMap: { name: settings } }]
---`;

const manifests = `
apiVersion: v1
kind: ConfigMap
metadata: { name: settings }
data: { color: blue, shape: circle }
---
apiVersion: v1
kind: Service
metadata: { name: web }
spec: { selector: { app: web }, ports: [{ port: 80, targetPort: 8080 }] }
---${webPod('by-kubelet', name)}${webPod('by-agent', 'node-1')}`;

describe('a node of upstream’s kubelet and kube-proxy', { skip: await reasonToSkipContainers() }, () => {
  const networks = { ...freeNetworks(), podNetwork: 'host-gateway' };
  let cluster: TestCluster;
  let kubectl: Kubectl;
  let node: KubeletNode;

  const nodeNamed = (of: string): Promise<Node> => kubectl.json<never>('get', 'node', of) as Promise<Node>;
  const isReady = async (): Promise<void> => assert.equal(conditionOf((await nodeNamed(name)).status?.conditions, 'Ready')?.status, 'True');
  const requestsOf = async (signer: string, user: string): Promise<CertificateSigningRequest[]> => {
    const { items } = (await kubectl.json<never>('get', 'csr')) as { items: CertificateSigningRequest[] };
    return items.filter(({ spec }) => spec.signerName === signer && spec.username?.startsWith(user) === true);
  };

  before(async () => {
    const programs = findNodePrograms({ cache }, (line) => void process.stderr.write(`${line}\n`));
    const images = await imageFiles();
    cluster = await startCluster({ nodes: 1, runtime: 'containerd', images, flags: networkFlags(networks) });
    ({ kubectl } = cluster);
    const { port } = JSON.parse(readFileSync(join(cluster.directory, 'cluster.json'), 'utf8')) as { port: number };
    const caPem = readFileSync(join(cluster.directory, 'pki/ca.crt'), 'utf8');
    for (const [what, role, group] of bindings) {
      await kubectl.ok('create', 'clusterrolebinding', `kubelets-${what}`, `--clusterrole=${role}`, `--group=${group}`);
    }
    node = await createKubeletNode({ name, directory: cluster.directory, port, caPem, images, programs });
  });
  after(async () => {
    try {
      const log = node?.log('kubelet');
      if (process.env['HIBERNETES_TEST_LOGS'] !== undefined && log !== undefined && existsSync(log))
        process.stderr.write(readFileSync(log, 'utf8'));
    } finally {
      await cluster?.remove();
    }
  });

  const shell = (...command: string[]): Promise<string> => kubectl.ok('exec', 'by-kubelet', '-c', 'shell', '--', ...command);

  test('the kubelet gets its certificates by requests, and the node is Ready', async () => {
    const { token } = JSON.parse(await cluster.hibernetes('token', 'create', '-o', 'json')) as { token: string };
    node.startKubelet(token);
    const serving = await eventually(async () => {
      const [request] = await requestsOf('kubernetes.io/kubelet-serving', `system:node:${name}`);
      return request?.metadata.name ?? assert.fail('the kubelet has not asked for a serving certificate');
    });
    // It names the machine, too, which only an administrator can vouch for.
    await kubectl.ok('certificate', 'approve', serving);
    const { spec, status } = await nodeNamed(name);
    assert.equal(status?.nodeInfo?.kubeletVersion, `v${upstreamVersion}`);
    const agents = await nodeNamed('node-1');
    const podCIDR = spec.podCIDR ?? assert.fail('the node has no range of pods');
    await node.connectPods(podCIDR, [{ podCIDR: agents.spec.podCIDR ?? '', address: agents.status?.addresses?.[0]?.address ?? '' }]);
    await eventually(isReady);
    const [client] = await requestsOf('kubernetes.io/kube-apiserver-client-kubelet', 'system:bootstrap:');
    assert.equal(client?.status?.conditions?.[0]?.reason, 'AutoApproved');
  });

  test('it runs a pod, with settings, probes and a token', async () => {
    const { code, stderr } = await kubectl.run(['apply', '-f', '-'], { input: manifests });
    assert.equal(code, 0, stderr);
    await kubectl.ok('wait', '--for=condition=Ready', 'pod/by-kubelet', 'pod/by-agent', '--timeout=240s');
    const token = await shell('cat', '/var/run/secrets/kubernetes.io/serviceaccount/token');
    const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as { 'kubernetes.io': object };
    assert.partialDeepStrictEqual(claims['kubernetes.io'], { node: { name }, pod: { name: 'by-kubelet' } });
  });

  test('logs, exec, attach, cp and port-forward go through the kubelet', async () => {
    assert.equal(await kubectl.ok('logs', 'by-kubelet', '-c', 'shell'), 'blue in circle\n');
    const following = kubectl.start(['logs', '-f', 'by-kubelet', '-c', 'shell']);
    await eventually(() => assert.equal(following.output(), 'blue in circle\n'));
    await following.stop();
    const piped = await kubectl.run(['exec', '-i', 'by-kubelet', '-c', 'shell', '--', 'sh', '-c', 'cat; echo end >&2; exit 3'], {
      input: 'in',
    });
    assert.deepEqual([piped.code, piped.stdout, piped.stderr], [3, 'in', 'end\ncommand terminated with exit code 3\n']);
    const file = join(cluster.directory, 'random');
    const bytes = randomBytes(20 << 20);
    writeFileSync(file, bytes);
    await kubectl.ok('cp', file, 'by-kubelet:/tmp/random', '-c', 'shell');
    const hash = createHash('sha256').update(bytes).digest('hex');
    assert.equal((await shell('sha256sum', '/tmp/random')).split(' ')[0], hash);
    await kubectl.ok('cp', 'by-kubelet:/tmp/random', `${file}-back`, '-c', 'shell');
    assert.equal(
      createHash('sha256')
        .update(readFileSync(`${file}-back`))
        .digest('hex'),
      hash,
    );
    const forward = kubectl.start(['port-forward', 'pod/by-kubelet', ':8080']);
    try {
      const port = await eventually(() => Number(/127\.0\.0\.1:(\d+)/.exec(forward.output())?.[1] ?? assert.fail(forward.output())));
      assert.equal(await (await fetch(`http://127.0.0.1:${port}/hostname`)).text(), 'by-kubelet\n');
    } finally {
      await forward.stop();
    }
  });

  test('the proxies reach the pod and the kubelet, which the API’s own certificate lets in', async () => {
    assert.equal(await kubectl.ok('get', '--raw', '/api/v1/namespaces/default/pods/by-kubelet:8080/proxy/hostname'), 'by-kubelet\n');
    assert.equal(await kubectl.ok('get', '--raw', `/api/v1/nodes/${name}/proxy/healthz`), 'ok');
    assert.match(await kubectl.ok('get', '--raw', `/api/v1/nodes/${name}/proxy/metrics/resource`), /pod_memory_working_set_bytes\{/);
  });

  test('what the kubelet refuses reaches the client as upstream’s words', async () => {
    const { code, stderr } = await kubectl.run(['logs', '--previous', 'by-kubelet', '-c', 'shell']);
    assert.equal(code, 1);
    assert.match(stderr, /^Error from server \(BadRequest\): previous terminated container "shell" in pod "by-kubelet" not found\n$/);
  });

  test('the kubelet lets in only those whom RBAC lets in', async () => {
    const asked = (...headers: string[]): Promise<string> =>
      node.host.run(['curl', '-sk', '-o', '/dev/null', '-w', '%{http_code}', ...headers, `https://${node.host.address}:10250/pods`]);
    assert.equal(await asked(), '401');
    const token = (await kubectl.ok('create', 'token', 'default')).trim();
    const headers = ['-H', `Authorization: Bearer ${token}`];
    assert.equal(await asked(...headers), '403');
    await kubectl.ok(
      'create',
      'clusterrolebinding',
      'reads-kubelets',
      '--clusterrole=system:kubelet-api-admin',
      '--serviceaccount=default:default',
    );
    // The kubelet remembers a refusal for half a minute.
    await eventually(async () => assert.equal(await asked(...headers), '200'));
  });

  test('kube-proxy, by a certificate of its own, leads to pods of both nodes, as the agent does', async () => {
    node.startKubeProxy(await clientCertificate(), networks.podCidr);
    const { spec } = (await kubectl.json<never>('get', 'service', 'web')) as Service;
    const names = async (from: string): Promise<string[]> => {
      const asking = `for i in $(seq 40); do timeout 10 wget -q -O - http://${spec?.clusterIP}/hostname; done`;
      const answers = await kubectl.ok('exec', from, '-c', 'shell', '--', 'sh', '-c', asking);
      return [...new Set(answers.trim().split('\n'))].toSorted();
    };
    for (const from of ['by-agent', 'by-kubelet']) {
      await eventually(async () => assert.deepEqual(await names(from), ['by-agent', 'by-kubelet'], from));
    }
    assert.match(await node.host.run(['nft', 'list', 'table', 'ip', 'kube-proxy']), /default\/web/);
  });

  test('a deleted pod leaves the node, the Service and the API', async () => {
    await kubectl.ok('delete', 'pod', 'by-kubelet', '--timeout=120s');
    const { items } = (await kubectl.json<never>('get', 'pods')) as { items: Pod[] };
    assert.deepEqual(
      items.map(({ metadata }) => metadata.name),
      ['by-agent'],
    );
    const slices = (await kubectl.json<never>('get', 'endpointslices', '-l', 'kubernetes.io/service-name=web')) as {
      items: EndpointSlice[];
    };
    assert.deepEqual(
      slices.items.flatMap(({ endpoints = [] }) => endpoints.map(({ targetRef }) => targetRef?.name)),
      ['by-agent'],
    );
    assert.equal(await node.host.run(['sh', '-c', `ls ${node.host.runDirectory}/kubelet/root/pods`]), '');
  });

  /** As kube-proxy's user, by a request that an administrator approves. */
  async function clientCertificate(): Promise<{ readonly certificatePem: string; readonly keyPem: string }> {
    const keys = await webcrypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify']);
    x509.cryptoProvider.set(webcrypto);
    const request = await x509.Pkcs10CertificateRequestGenerator.create({
      name: 'CN=system:kube-proxy',
      keys,
      signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' },
    });
    const usages = ['digital signature', 'client auth'];
    const spec = {
      signerName: 'kubernetes.io/kube-apiserver-client',
      usages,
      request: Buffer.from(request.toString('pem')).toString('base64'),
    };
    const input = JSON.stringify({
      apiVersion: 'certificates.k8s.io/v1',
      kind: 'CertificateSigningRequest',
      metadata: { name: 'kube-proxy' },
      spec,
    });
    await kubectl.run(['create', '-f', '-'], { input });
    await kubectl.ok('certificate', 'approve', 'kube-proxy');
    const certificate = await eventually(async () => {
      const { status } = (await kubectl.json<never>('get', 'csr', 'kube-proxy')) as CertificateSigningRequest;
      return status?.certificate ?? assert.fail('the certificate is not signed');
    });
    const der = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey);
    return { certificatePem: Buffer.from(certificate, 'base64').toString(), keyPem: `${x509.PemConverter.encode(der, 'PRIVATE KEY')}\n` };
  }
});
