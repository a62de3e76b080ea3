/**
 * PostgreSQL by Patroni, which keeps its leader in Endpoints: two members with volumes. When the leader's node is drained,
 * the other member takes over under the same Service. The drained one follows it when it is back.
 */
import { eventually } from '../../support/eventually.ts';
import type { Program } from '../program.ts';

const configuration = `
kubernetes: {}
bootstrap:
  dcs: { ttl: 60, loop_wait: 5, retry_timeout: 20, postgresql: { use_pg_rewind: true } }
  initdb: [{ auth-local: trust }, { auth-host: md5 }, { encoding: UTF8 }, data-checksums]
postgresql:
  pg_hba: [local all all trust, host all all 0.0.0.0/0 md5, host replication replicator 0.0.0.0/0 md5]
  parameters: { unix_socket_directories: /tmp }
`;
const users = 'postgres:x:999:999::/tmp:/bin/sh\n';

const manifest = (version: string): string => `
apiVersion: v1
kind: ServiceAccount
metadata: { name: patroni }
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: { name: patroni }
rules:
- { apiGroups: [''], resources: [configmaps], verbs: [create, get, list, patch, update, watch, delete] }
- { apiGroups: [''], resources: [endpoints], verbs: [create, get, list, patch, update, watch, delete] }
- { apiGroups: [''], resources: [pods], verbs: [get, list, patch, update, watch] }
- { apiGroups: [''], resources: [services], verbs: [create] }
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: { name: patroni }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: Role, name: patroni }
subjects: [{ kind: ServiceAccount, name: patroni }]
---
apiVersion: v1
kind: ConfigMap
metadata: { name: patroni }
data: { patroni.yml: ${JSON.stringify(configuration)}, passwd: ${JSON.stringify(users)} }
---
apiVersion: v1
kind: Service
metadata: { name: database }
spec: { ports: [{ name: postgresql, port: 5432 }] }
---
apiVersion: v1
kind: Service
metadata: { name: database-config }
spec: { clusterIP: None }
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: { name: patroni }
spec: { maxUnavailable: 1, selector: { matchLabels: { application: patroni } } }
---
apiVersion: apps/v1
kind: StatefulSet
metadata: { name: patroni }
spec:
  serviceName: database-config
  replicas: 2
  selector: { matchLabels: { application: patroni, cluster-name: database } }
  template:
    metadata: { labels: { application: patroni, cluster-name: database } }
    spec:
      serviceAccountName: patroni
      securityContext: { runAsUser: 999, runAsGroup: 999, fsGroup: 999, fsGroupChangePolicy: OnRootMismatch }
      affinity:
        podAntiAffinity:
          requiredDuringSchedulingIgnoredDuringExecution:
          - { topologyKey: kubernetes.io/hostname, labelSelector: { matchLabels: { application: patroni } } }
      containers:
      - name: patroni
        image: example.com/patroni:${version}
        command: [/usr/bin/python3, /usr/bin/patroni, /etc/patroni/patroni.yml]
        ports: [{ containerPort: 8008 }, { containerPort: 5432 }]
        readinessProbe: { httpGet: { path: /readiness, port: 8008, scheme: HTTP }, periodSeconds: 5, timeoutSeconds: 5, failureThreshold: 3 }
        env:
        - { name: PATRONI_KUBERNETES_POD_IP, valueFrom: { fieldRef: { fieldPath: status.podIP } } }
        - { name: PATRONI_KUBERNETES_NAMESPACE, valueFrom: { fieldRef: { fieldPath: metadata.namespace } } }
        - { name: PATRONI_NAME, valueFrom: { fieldRef: { fieldPath: metadata.name } } }
        - { name: PATRONI_KUBERNETES_USE_ENDPOINTS, value: 'true' }
        - { name: PATRONI_KUBERNETES_PORTS, value: '[{"name": "postgresql", "port": 5432}]' }
        - { name: PATRONI_KUBERNETES_LABELS, value: '{application: patroni, cluster-name: database}' }
        - { name: PATRONI_SCOPE, value: database }
        - { name: PATRONI_SUPERUSER_USERNAME, value: postgres }
        - { name: PATRONI_SUPERUSER_PASSWORD, value: patroni }
        - { name: PATRONI_REPLICATION_USERNAME, value: replicator }
        - { name: PATRONI_REPLICATION_PASSWORD, value: patroni }
        - { name: PATRONI_POSTGRESQL_DATA_DIR, value: /data/postgresql }
        - { name: PATRONI_POSTGRESQL_PGPASS, value: /tmp/pgpass }
        - { name: PATRONI_POSTGRESQL_BIN_DIR, value: ${binaries} }
        - { name: PATRONI_POSTGRESQL_LISTEN, value: '0.0.0.0:5432' }
        - { name: PATRONI_POSTGRESQL_CONNECT_ADDRESS, value: '$(PATRONI_KUBERNETES_POD_IP):5432' }
        - { name: PATRONI_RESTAPI_LISTEN, value: '0.0.0.0:8008' }
        - { name: PATRONI_RESTAPI_CONNECT_ADDRESS, value: '$(PATRONI_KUBERNETES_POD_IP):8008' }
        - { name: PGPASSWORD, value: patroni }
        volumeMounts:
        - { name: data, mountPath: /data }
        - { name: tmp, mountPath: /tmp }
        - { name: config, mountPath: /etc/patroni }
        - { name: config, mountPath: /etc/passwd, subPath: passwd }
      volumes: [{ name: tmp, emptyDir: {} }, { name: config, configMap: { name: patroni } }]
  volumeClaimTemplates:
  - metadata: { name: data, labels: { application: patroni } }
    spec: { accessModes: [ReadWriteOnce], resources: { requests: { storage: 1Gi } } }
`;

const binaries = '/usr/lib/postgresql/17/bin';
const members = ['patroni-0', 'patroni-1'];

export const patroni: Program = {
  name: 'patroni',
  versions: ['4.0.7'],
  proves: 'two PostgreSQL members with volumes; when the leader’s node is drained, its Service leads to the other, and nothing is lost',
  source: { kind: 'debian', package: 'patroni', with: ['postgresql-17', 'dash'], programs: [] },
  images: (version) => [{ name: `example.com/patroni:${version}`, on: 'debian', entrypoint: [] }],
  controllers: ['default statefulset/patroni'],

  async install({ apply, kubectl }, version) {
    await apply(manifest(version));
    await kubectl.ok('rollout', 'status', 'statefulset/patroni', '--timeout=240s');
  },

  async use({ kubectl }, { id, limitMs }) {
    const table = id.replace('-', '_');
    const limit = `--timeout=${Math.ceil(limitMs / 1000)}s`;
    const query = async (member: string, host: string, sql: string): Promise<string> => {
      const answer = await kubectl.ok('exec', member, '--', `${binaries}/psql`, '-h', host, '-U', 'postgres', '-Atc', sql);
      return answer.trim();
    };
    const leader = (): Promise<string> => kubectl.ok('get', 'endpoints', 'database', '-o', 'jsonpath={.metadata.annotations.leader}');
    const follows = (member: string): Promise<void> =>
      eventually(async () => {
        const found = await query(member, 'database', `select application_name from pg_stat_replication where state = 'streaming'`);
        if (!members.includes(found)) throw new Error(`the leader streams to ${found}`);
      }, limitMs);
    const [any = ''] = members;
    const write = (member: string, sql: string): Promise<string> => eventually(() => query(member, 'database', sql), limitMs);
    await write(any, `create table if not exists ${table} (word text)`);
    await write(any, `insert into ${table} values ('before')`);
    await follows(any);
    const first = await leader();
    const second = members.find((member) => member !== first) ?? '';
    const node = await kubectl.ok('get', 'pod', first, '-o', 'jsonpath={.spec.nodeName}');
    try {
      await kubectl.ok('drain', node, '--pod-selector=application=patroni', '--delete-emptydir-data', limit);
      await write(second, `insert into ${table} values ('during')`);
      if ((await leader()) !== second) throw new Error(`the leader is ${await leader()}`);
    } finally {
      await kubectl.ok('uncordon', node);
    }
    await kubectl.ok('rollout', 'status', 'statefulset/patroni', limit);
    await follows(second);
    await eventually(async () => {
      const words = await query(first, 'localhost', `select string_agg(distinct word, ' ' order by word) from ${table}`);
      if (words !== 'before during') throw new Error(`${first} has ${words}`);
    }, limitMs);
    await write(second, `drop table ${table}`);
  },

  async remove({ kubectl }) {
    await kubectl.ok('delete', 'statefulset,configmap,poddisruptionbudget,serviceaccount,role,rolebinding', 'patroni');
    await kubectl.ok('delete', 'service', 'database', 'database-config');
    await kubectl.ok('delete', 'persistentvolumeclaim', '-l', 'application=patroni');
    await eventually(async () => {
      const left = await kubectl.ok('get', 'persistentvolumes', '-o', 'name');
      if (left !== '') throw new Error(`${left} outlives its claim`);
    });
  },
};
