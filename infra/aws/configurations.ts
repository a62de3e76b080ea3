const auditPolicy = 'infra/aws/audit-policy.yaml';

/** Choices that are looked at with every change: their templates are kept in test/infra. */
export const configurations = {
  defaults: {},
  'function-url': { host: 'function-url', key: 'customer', auditPolicyFile: auditPolicy },
  nodes: { nodes: '3', nodeImage: 'ami-0123456789abcdef0', auditPolicyFile: auditPolicy, auditLogDays: '365' },
  'two-clusters': { clusters: 'default,staging', nodes: '2', nodeCluster: 'staging' },
} as const satisfies Readonly<Record<string, Readonly<Record<string, string>>>>;

export type ConfigurationName = keyof typeof configurations;
