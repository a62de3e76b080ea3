/** The file that points kubectl at a cluster. Source: client-go, tools/clientcmd/api/v1/types.go. */
import { stringify } from 'yaml';

export interface KubeconfigOptions {
  readonly clusterName: string;
  readonly server: string;
  readonly caPem: string;
  readonly userName: string;
  readonly credential: AdminCredential;
}

/** Where the API sees no client certificates, a token. */
export type AdminCredential = { readonly certificatePem: string; readonly keyPem: string } | { readonly token: string };

const base64 = (text: string): string => Buffer.from(text).toString('base64');

const userOf = (credential: AdminCredential): object =>
  'token' in credential
    ? { token: credential.token }
    : { 'client-certificate-data': base64(credential.certificatePem), 'client-key-data': base64(credential.keyPem) };

export function kubeconfig({ clusterName, server, caPem, userName, credential }: KubeconfigOptions): string {
  const context = `${userName}@${clusterName}`;
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: clusterName, cluster: { server, 'certificate-authority-data': base64(caPem) } }],
    users: [{ name: userName, user: userOf(credential) }],
    contexts: [{ name: context, context: { cluster: clusterName, user: userName } }],
    'current-context': context,
  });
}
