/**
 * The levels and flow schemas that every cluster has. Source: apiserver, pkg/apis/flowcontrol/bootstrap/default.go;
 * the values are those that kube-apiserver serves.
 */
import type {
  FlowSchema,
  FlowSchemaSpec,
  NonResourcePolicyRule,
  PriorityLevelConfiguration,
  PriorityLevelConfigurationSpec,
  ResourcePolicyRule,
  Subject,
} from '../../kube/generated/types.ts';

const apiVersion = 'flowcontrol.apiserver.k8s.io/v1';
const metadata = (name: string) => ({ name, annotations: { 'apf.kubernetes.io/autoupdate-spec': 'true' } });

/** The levels and the schemas whose spec cannot change. Source: pkg/apis/flowcontrol/internalbootstrap/default-internal.go. */
export const mandatoryNames: ReadonlySet<string> = new Set(['exempt', 'catch-all']);

const level = (name: string, spec: PriorityLevelConfigurationSpec): PriorityLevelConfiguration => ({
  apiVersion,
  kind: 'PriorityLevelConfiguration',
  metadata: metadata(name),
  spec,
});

interface Queued {
  readonly shares: number;
  readonly queues: number;
  readonly handSize: number;
  readonly lendable: number;
}

const queued = (name: string, { shares, queues, handSize, lendable }: Queued): PriorityLevelConfiguration =>
  level(name, {
    type: 'Limited',
    limited: {
      nominalConcurrencyShares: shares,
      limitResponse: { type: 'Queue', queuing: { queues, handSize, queueLengthLimit: 50 } },
      lendablePercent: lendable,
    },
  });

export const priorityLevels: readonly PriorityLevelConfiguration[] = [
  level('exempt', { type: 'Exempt', exempt: { nominalConcurrencyShares: 0, lendablePercent: 0 } }),
  level('catch-all', {
    type: 'Limited',
    limited: { nominalConcurrencyShares: 5, limitResponse: { type: 'Reject' }, lendablePercent: 0 },
  }),
  queued('system', { shares: 30, queues: 64, handSize: 6, lendable: 33 }),
  queued('node-high', { shares: 40, queues: 64, handSize: 6, lendable: 25 }),
  queued('leader-election', { shares: 10, queues: 16, handSize: 4, lendable: 0 }),
  queued('workload-high', { shares: 40, queues: 128, handSize: 6, lendable: 50 }),
  queued('workload-low', { shares: 100, queues: 128, handSize: 6, lendable: 90 }),
  queued('global-default', { shares: 20, queues: 128, handSize: 6, lendable: 50 }),
];

const user = (name: string): Subject => ({ kind: 'User', user: { name } });
const group = (name: string): Subject => ({ kind: 'Group', group: { name } });
const systemAccounts: Subject = { kind: 'ServiceAccount', serviceAccount: { namespace: 'kube-system', name: '*' } };
const everyone = [group('system:unauthenticated'), group('system:authenticated')];

const anyResource: ResourcePolicyRule = { verbs: ['*'], apiGroups: ['*'], resources: ['*'], clusterScope: true, namespaces: ['*'] };
const anyUrl: NonResourcePolicyRule = { verbs: ['*'], nonResourceURLs: ['*'] };
const leases = (verbs: string[]): ResourcePolicyRule => ({
  verbs,
  apiGroups: ['coordination.k8s.io'],
  resources: ['leases'],
  namespaces: ['*'],
});

interface Flow {
  readonly level: string;
  readonly precedence: number;
  readonly subjects: Subject[];
  readonly by?: 'ByUser' | 'ByNamespace';
  /** All requests when left out. */
  readonly resources?: ResourcePolicyRule[];
  readonly urls?: NonResourcePolicyRule[];
}

function schema(name: string, { level: levelName, precedence, subjects, by, ...rules }: Flow): FlowSchema {
  const { resources, urls } =
    rules.resources === undefined && rules.urls === undefined ? { resources: [anyResource], urls: [anyUrl] } : rules;
  const spec: FlowSchemaSpec = {
    priorityLevelConfiguration: { name: levelName },
    matchingPrecedence: precedence,
    ...(by === undefined ? {} : { distinguisherMethod: { type: by } }),
    rules: [
      {
        subjects,
        ...(resources === undefined ? {} : { resourceRules: resources }),
        ...(urls === undefined ? {} : { nonResourceRules: urls }),
      },
    ],
  };
  return { apiVersion, kind: 'FlowSchema', metadata: metadata(name), spec };
}

const manager = user('system:kube-controller-manager');
const scheduler = user('system:kube-scheduler');
const nodes = [group('system:nodes')];

export const flowSchemas: readonly FlowSchema[] = [
  schema('exempt', { level: 'exempt', precedence: 1, subjects: [group('system:masters')] }),
  schema('probes', {
    level: 'exempt',
    precedence: 2,
    subjects: everyone,
    urls: [{ verbs: ['get'], nonResourceURLs: ['/healthz', '/readyz', '/livez'] }],
  }),
  schema('system-leader-election', {
    level: 'leader-election',
    precedence: 100,
    by: 'ByUser',
    subjects: [manager, scheduler, systemAccounts],
    resources: [leases(['get', 'create', 'update'])],
  }),
  schema('system-node-high', {
    level: 'node-high',
    precedence: 400,
    by: 'ByUser',
    subjects: nodes,
    resources: [
      { verbs: ['*'], apiGroups: [''], resources: ['nodes', 'nodes/status'], clusterScope: true, namespaces: ['*'] },
      leases(['*']),
    ],
  }),
  schema('system-nodes', { level: 'system', precedence: 500, by: 'ByUser', subjects: nodes }),
  schema('kube-controller-manager', { level: 'workload-high', precedence: 800, by: 'ByNamespace', subjects: [manager] }),
  schema('kube-scheduler', { level: 'workload-high', precedence: 800, by: 'ByNamespace', subjects: [scheduler] }),
  schema('kube-system-service-accounts', { level: 'workload-high', precedence: 900, by: 'ByNamespace', subjects: [systemAccounts] }),
  schema('service-accounts', { level: 'workload-low', precedence: 9000, by: 'ByUser', subjects: [group('system:serviceaccounts')] }),
  schema('global-default', { level: 'global-default', precedence: 9900, by: 'ByUser', subjects: everyone }),
  schema('catch-all', { level: 'catch-all', precedence: 10_000, by: 'ByUser', subjects: everyone }),
];
