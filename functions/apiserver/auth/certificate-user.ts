/** Who a client certificate speaks for; apart from those who make certificates, since a function never needs them. */
import { X509Certificate } from 'node:crypto';

export interface CertifiedUser {
  readonly name: string;
  readonly groups: readonly string[];
  /** The certificate is good until then. */
  readonly untilMs: number;
}

/** A connection shows one certificate for all its requests: reading it takes as long as a short request. */
const known = new WeakMap<Uint8Array, { readonly user: CertifiedUser | undefined }>();

/** Undefined without a CN. Proves nothing: the TLS layer has verified it when the connection began. */
export function userOfCertificate(der: Uint8Array): CertifiedUser | undefined {
  const found = known.get(der);
  if (found !== undefined) return found.user;
  const user = readUser(der);
  known.set(der, { user });
  return user;
}

function readUser(der: Uint8Array): CertifiedUser | undefined {
  const certificate = new X509Certificate(der);
  const { subject } = certificate.toLegacyObject();
  const [name] = [subject.CN].flat();
  if (name === undefined || name === '') return undefined;
  return { name, groups: [subject.O ?? []].flat(), untilMs: certificate.validToDate.getTime() };
}
