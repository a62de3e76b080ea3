/** Who a client certificate speaks for; apart from those who make certificates, since a function never needs them. */
import { X509Certificate } from 'node:crypto';

/** Undefined without a CN. Proves nothing: the TLS layer has verified it. */
export function userOfCertificate(der: Uint8Array): { readonly name: string; readonly groups: readonly string[] } | undefined {
  const { subject } = new X509Certificate(der).toLegacyObject();
  const [name] = [subject.CN].flat();
  return name === undefined || name === '' ? undefined : { name, groups: [subject.O ?? []].flat() };
}
