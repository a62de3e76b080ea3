const auditPolicy = 'infra/aws/audit-policy.yaml';

/** Choices whose templates are kept in test/infra, so that a change shows what it does to each of them. */
export const configurations = {
  defaults: {},
  'function-url': { host: 'function-url', key: 'customer', dashboard: 'off', auditPolicyFile: auditPolicy },
  nodes: { nodes: '3', nodeImage: 'ami-0123456789abcdef0', auditPolicyFile: auditPolicy, auditLogDays: '365' },
  'two-clusters': { clusters: 'default,staging', nodes: '2', nodeCluster: 'staging' },
} as const satisfies Readonly<Record<string, Readonly<Record<string, string>>>>;

export type ConfigurationName = keyof typeof configurations;
