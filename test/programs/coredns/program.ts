/** The cluster's DNS in place of ours: pods that name its address ask it, for Services and for pods of headless ones. */
import { eventually } from '../../support/eventually.ts';
import type { Program } from '../program.ts';

const namespace = 'kube-system';

/** The module holds no manifest; this is the Corefile of its plugin `kubernetes`, with what its documentation grants it. */
const manifest = (version: string): string => `
apiVersion: v1
kind: ServiceAccount
metadata: { name: coredns, namespace: ${namespace} }
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: { name: system:coredns }
rules:
- { apiGroups: [''], resources: [endpoints, services, pods, namespaces], verbs: [list, watch] }
- { apiGroups: [discovery.k8s.io], resources: [endpointslices], verbs: [list, watch] }
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: { name: system:coredns }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: system:coredns }
subjects: [{ kind: ServiceAccount, name: coredns, namespace: ${namespace} }]
---
apiVersion: v1
kind: ConfigMap
metadata: { name: coredns, namespace: ${namespace} }
data:
  Corefile: |
    .:53 {
      errors
      health {
        lameduck 1s
      }
      ready
      kubernetes cluster.local in-addr.arpa {
        pods insecure
      }
      cache 1
      loadbalance
    }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: coredns, namespace: ${namespace} }
spec:
  replicas: 2
  selector: { matchLabels: { k8s-app: coredns } }
  template:
    metadata: { labels: { k8s-app: coredns } }
    spec:
      serviceAccountName: coredns
      dnsPolicy: Default
      terminationGracePeriodSeconds: 3
      priorityClassName: system-cluster-critical
      containers:
      - name: coredns
        image: docker.io/coredns/coredns:${version.slice(1)}
        args: [-conf, /etc/coredns/Corefile]
        ports: [{ containerPort: 53, protocol: UDP, name: dns }, { containerPort: 53, protocol: TCP, name: dns-tcp }]
        readinessProbe: { httpGet: { path: /ready, port: 8181 }, periodSeconds: 1 }
        livenessProbe: { httpGet: { path: /health, port: 8080 }, initialDelaySeconds: 30 }
        securityContext:
          allowPrivilegeEscalation: false
          readOnlyRootFilesystem: true
          runAsUser: 0
          capabilities: { add: [NET_BIND_SERVICE], drop: [all] }
        volumeMounts: [{ name: config, mountPath: /etc/coredns, readOnly: true }]
      volumes: [{ name: config, configMap: { name: coredns } }]
---
apiVersion: v1
kind: Service
metadata: { name: coredns, namespace: ${namespace} }
spec:
  selector: { k8s-app: coredns }
  ports: [{ name: dns, port: 53, protocol: UDP }, { name: dns-tcp, port: 53, protocol: TCP }]
`;

/** A Service that appears while CoreDNS runs, and a pod that asks CoreDNS alone. */
const askingPod = (id: string, server: string): string => `
apiVersion: v1
kind: Service
metadata: { name: ${id}-service }
spec: { selector: { app: ${id} }, ports: [{ port: 80 }] }
---
apiVersion: v1
kind: Service
metadata: { name: ${id}-headless }
spec: { clusterIP: None, selector: { app: ${id} }, ports: [{ port: 80 }] }
---
apiVersion: v1
kind: Pod
metadata: { name: ${id}, labels: { app: ${id} } }
spec:
  terminationGracePeriodSeconds: 0
  dnsPolicy: None
  dnsConfig: { nameservers: ['${server}'], searches: [default.svc.cluster.local, svc.cluster.local], options: [{ name: ndots, value: '5' }] }
  containers: [{ name: shell, image: 'busybox:1.36', command: [sleep, '100000'] }]
`;

export const coredns: Program = {
  name: 'coredns',
  versions: ['v1.15.0'],
  proves: 'a pod that asks it alone finds Services and the pods of headless ones that appear meanwhile, by short names too',
  source: { kind: 'go', path: 'github.com/coredns/coredns', packages: { coredns: '.' } },
  images: (version) => [
    {
      name: `docker.io/coredns/coredns:${version.slice(1)}`,
      programs: { coredns: '/coredns' },
      entrypoint: ['/coredns'],
      user: '65532:65532',
    },
  ],
  controllers: [`${namespace} deployment/coredns`],

  async install({ apply, kubectl }, version) {
    await apply(manifest(version));
    await kubectl.ok('rollout', 'status', '-n', namespace, 'deployment/coredns', '--timeout=240s');
  },

  async use({ apply, kubectl }, { id, limitMs }) {
    await apply(askingPod(id, await kubectl.ok('get', 'service', '-n', namespace, 'coredns', '-o', 'jsonpath={.spec.clusterIP}')));
    await kubectl.ok('wait', '--for=condition=Ready', `pod/${id}`, '--timeout=240s');
    const addresses = {
      [`${id}-service`]: await kubectl.ok('get', 'service', `${id}-service`, '-o', 'jsonpath={.spec.clusterIP}'),
      [`${id}-headless.default.svc.cluster.local`]: await kubectl.ok('get', 'pod', id, '-o', 'jsonpath={.status.podIP}'),
    };
    for (const [name, address] of Object.entries(addresses)) {
      await eventually(async () => {
        // A Service's address answers no ping, but ping prints it.
        const { stdout, stderr } = await kubectl.run(['exec', id, '--', 'timeout', '10', 'ping', '-c', '1', '-W', '1', name]);
        if (!stdout.includes(`PING ${name} (${address})`)) throw new Error(`${name} is not ${address}: ${stdout}${stderr}`);
      }, limitMs);
    }
  },

  async remove({ kubectl }) {
    await kubectl.ok('delete', '-n', namespace, 'deployment,service,configmap,serviceaccount', 'coredns');
    await kubectl.ok('delete', 'clusterrole,clusterrolebinding', 'system:coredns');
  },
};
