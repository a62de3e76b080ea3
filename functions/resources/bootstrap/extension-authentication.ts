/**
 * What other API servers read to know whom to believe: the authority of clients, and the certificate of the server that
 * passes requests on. Source: kubernetes, pkg/controlplane/controller/clusterauthenticationtrust.
 */
import type { ConfigMap, Role, RoleBinding } from '../../kube/generated/types.ts';

const name = 'extension-apiserver-authentication';
const namespace = 'kube-system';
const reader = `${name}-reader`;
const labels = { 'kubernetes.io/bootstrapping': 'rbac-defaults' };
const annotations = { 'rbac.authorization.kubernetes.io/autoupdate': 'true' };

export interface ClientTrust {
  /** PEM. */
  readonly clientAuthority: string;
  readonly requestHeaderAuthority: string;
  readonly requestHeaderClientName: string;
}

/** Source: bootstrappolicy/namespace_policy.go */
export const extensionAuthenticationRole: Role = {
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'Role',
  metadata: { name: reader, namespace, labels, annotations },
  rules: [{ verbs: ['get', 'list', 'watch'], apiGroups: [''], resources: ['configmaps'], resourceNames: [name] }],
};

export const extensionAuthenticationBinding: RoleBinding = {
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'RoleBinding',
  metadata: { name: `system::${reader}`, namespace, labels, annotations },
  roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: reader },
  subjects: ['system:kube-controller-manager', 'system:kube-scheduler'].map((user) => ({
    apiGroup: 'rbac.authorization.k8s.io',
    kind: 'User',
    name: user,
  })),
};

export const extensionAuthentication = ({ clientAuthority, requestHeaderAuthority, requestHeaderClientName }: ClientTrust): ConfigMap => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace },
  data: {
    'client-ca-file': clientAuthority,
    'requestheader-allowed-names': JSON.stringify([requestHeaderClientName]),
    'requestheader-client-ca-file': requestHeaderAuthority,
    'requestheader-extra-headers-prefix': '["X-Remote-Extra-"]',
    'requestheader-group-headers': '["X-Remote-Group"]',
    'requestheader-uid-headers': '["X-Remote-Uid"]',
    'requestheader-username-headers': '["X-Remote-User"]',
  },
});
