/** How a certificate is pinned in a command that people copy. Source: kubeadm, app/util/pubkeypin/pubkeypin.go. */
import { createHash, type X509Certificate } from 'node:crypto';

/** `sha256:` and the digest of the public key. */
export function publicKeyHash(certificate: X509Certificate): string {
  const key = certificate.publicKey.export({ type: 'spki', format: 'der' });
  return `sha256:${createHash('sha256').update(key).digest('hex')}`;
}
