/** The file that points kubectl at a cluster. Source: client-go, tools/clientcmd/api/v1/types.go. */
import { stringify } from 'yaml';

export interface KubeconfigOptions {
  readonly clusterName: string;
  readonly server: string;
  readonly caPem: string;
  readonly userName: string;
  readonly certificatePem: string;
  readonly keyPem: string;
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');

export function kubeconfig({ clusterName, server, caPem, userName, certificatePem, keyPem }: KubeconfigOptions): string {
  const context = `${userName}@${clusterName}`;
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: clusterName, cluster: { server, 'certificate-authority-data': base64(caPem) } }],
    users: [{ name: userName, user: { 'client-certificate-data': base64(certificatePem), 'client-key-data': base64(keyPem) } }],
    contexts: [{ name: context, context: { cluster: clusterName, user: userName } }],
    'current-context': context,
  });
}
