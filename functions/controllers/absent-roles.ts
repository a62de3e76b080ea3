/**
 * Roles of upstream's controllers that are not here: what runs under their names finds its rights.
 * Source: plugin/pkg/auth/authorizer/rbac/bootstrappolicy/{controller,namespace}_policy.go.
 */
import type { ControllerRole } from '../kube/controller-role.ts';
import type { PolicyRule } from '../kube/generated/types.ts';
import { eventRules, read, rule } from '../kube/policy-rules.ts';

const rules: Readonly<Record<string, readonly PolicyRule[]>> = {
  'device-taint-eviction-controller': [
    rule([...read, 'delete'], '', 'pods'),
    rule(['patch', 'update'], '', 'pods/status'),
    rule(read, 'resource.k8s.io', 'deviceclasses devicetaintrules resourceclaims resourceslices'),
    rule(['patch', 'update'], 'resource.k8s.io', 'devicetaintrules/status'),
    ...eventRules,
  ],
  'expand-controller': [
    rule([...read, 'patch', 'update'], '', 'persistentvolumes'),
    rule(['patch', 'update'], '', 'persistentvolumeclaims/status'),
    rule(read, '', 'persistentvolumeclaims'),
    ...eventRules,
  ],
  'kube-apiserver-serving-clustertrustbundle-publisher': [
    { ...rule(['attest'], 'certificates.k8s.io', 'signers'), resourceNames: ['kubernetes.io/kube-apiserver-serving'] },
    rule(['create', 'delete', 'list', 'update', 'watch'], 'certificates.k8s.io', 'clustertrustbundles'),
    ...eventRules,
  ],
  podcertificaterequestcleaner: [rule([...read, 'delete'], 'certificates.k8s.io', 'podcertificaterequests')],
  'route-controller': [rule(['list', 'watch'], '', 'nodes'), rule(['patch'], '', 'nodes/status'), ...eventRules],
  'selinux-warning-controller': [
    rule(read, '', 'persistentvolumeclaims persistentvolumes pods'),
    rule(read, 'storage.k8s.io', 'csidrivers'),
    ...eventRules,
  ],
  'service-controller': [
    rule(read, '', 'services'),
    rule(['patch', 'update'], '', 'services/status'),
    rule(['list', 'watch'], '', 'nodes'),
    ...eventRules,
  ],
  'ttl-controller': [rule(['list', 'patch', 'update', 'watch'], '', 'nodes'), ...eventRules],
};

export const absentControllerRoles: readonly ControllerRole[] = [
  ...Object.entries(rules).map(([name, granted]) => ({ name, rules: granted })),
  { name: 'cloud-provider', namespaced: [{ namespace: 'kube-system', rules: [rule([...read, 'create'], '', 'configmaps')] }] },
];
