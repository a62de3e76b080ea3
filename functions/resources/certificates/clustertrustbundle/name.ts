/** Names of bundles: those of a signer begin with it. Source: pkg/apis/core/validation/names.go, ValidateClusterTrustBundleName. */
import { dnsSubdomainErrors } from '../../../kube/names.ts';

export function bundleNameErrors(name: string, signerName: string): string[] {
  if (signerName === '') {
    return name.includes(':') ? ['ClusterTrustBundle without signer name must not have ":" in its name'] : dnsSubdomainErrors(name);
  }
  const prefix = `${signerName.replaceAll('/', ':')}:`;
  if (!name.startsWith(prefix)) return [`ClusterTrustBundle for signerName ${signerName} must be named with prefix ${prefix}`];
  return dnsSubdomainErrors(name.slice(prefix.length));
}
