/**
 * The cluster's own certificate authority: PEM in, PEM out, nothing kept. Keys are EC P-256.
 * A client certificate's CN is the user's name and its O fields are the groups.
 */
// x509 resolves its parts by decorators at load time; the polyfill must be there first.
import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import * as x509 from '@peculiar/x509';
import type { Clock } from '../world.ts';

export interface CertificatePair {
  readonly certificatePem: string;
  /** PKCS #8. */
  readonly keyPem: string;
}

export interface ServerCertificateOptions {
  readonly commonName: string;
  /** DNS names and IP addresses. */
  readonly hosts: readonly string[];
  readonly days?: number;
}

export interface ClientCertificateOptions {
  readonly userName: string;
  readonly groups: readonly string[];
  readonly days?: number;
}

const keyAlgorithm = { name: 'ECDSA', namedCurve: 'P-256' };
const signingAlgorithm = { name: 'ECDSA', hash: 'SHA-256' };
const dayMs = 86_400_000;
const authorityDays = 3650;
const leafDays = 365;
/** Machines disagree about the time; a certificate is good from a little before it was made. */
const backdateMs = 300_000;

x509.cryptoProvider.set(webcrypto);

const pem = (label: string, der: ArrayBuffer): string => x509.PemConverter.encode(der, label);

const newKeys = (): Promise<webcrypto.CryptoKeyPair> => webcrypto.subtle.generateKey(keyAlgorithm, true, ['sign', 'verify']);

function importKey(keyPem: string): Promise<webcrypto.CryptoKey> {
  const der = x509.PemConverter.decodeFirst(keyPem);
  return webcrypto.subtle.importKey('pkcs8', der, keyAlgorithm, true, ['sign']);
}

async function pair(certificate: x509.X509Certificate, keys: webcrypto.CryptoKeyPair): Promise<CertificatePair> {
  const der = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey);
  return { certificatePem: `${certificate.toString('pem')}\n`, keyPem: `${pem('PRIVATE KEY', der)}\n` };
}

const validity = (clock: Pick<Clock, 'now'>, days: number): { notBefore: Date; notAfter: Date } => ({
  notBefore: new Date(clock.now() - backdateMs),
  notAfter: new Date(clock.now() + days * dayMs),
});

/** A new authority: a self-signed certificate and its key. */
export async function createCertificateAuthority(commonName: string, clock: Pick<Clock, 'now'>): Promise<CertificatePair> {
  const keys = await newKeys();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: [{ CN: [commonName] }],
    keys,
    signingAlgorithm,
    ...validity(clock, authorityDays),
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign | x509.KeyUsageFlags.digitalSignature, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return pair(certificate, keys);
}

interface Leaf {
  readonly subject: x509.JsonName;
  readonly usage: x509.ExtendedKeyUsage;
  readonly extensions: readonly x509.Extension[];
  readonly days: number;
}

async function signLeaf(authority: CertificatePair, leaf: Leaf, clock: Pick<Clock, 'now'>): Promise<CertificatePair> {
  const issuer = new x509.X509Certificate(authority.certificatePem);
  const keys = await newKeys();
  const certificate = await x509.X509CertificateGenerator.create({
    subject: leaf.subject,
    issuer: issuer.subject,
    publicKey: keys.publicKey,
    signingKey: await importKey(authority.keyPem),
    signingAlgorithm,
    ...validity(clock, leaf.days),
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature | x509.KeyUsageFlags.keyEncipherment, true),
      new x509.ExtendedKeyUsageExtension([leaf.usage]),
      await x509.AuthorityKeyIdentifierExtension.create(issuer),
      ...leaf.extensions,
    ],
  });
  return pair(certificate, keys);
}

export function createServerCertificate(
  authority: CertificatePair,
  { commonName, hosts, days = leafDays }: ServerCertificateOptions,
  clock: Pick<Clock, 'now'>,
): Promise<CertificatePair> {
  const names = hosts.map((host): x509.JsonGeneralName => ({ type: isIP(host) === 0 ? 'dns' : 'ip', value: host }));
  const extensions = [new x509.SubjectAlternativeNameExtension(names)];
  return signLeaf(authority, { subject: [{ CN: [commonName] }], usage: x509.ExtendedKeyUsage.serverAuth, extensions, days }, clock);
}

export function createClientCertificate(
  authority: CertificatePair,
  { userName, groups, days = leafDays }: ClientCertificateOptions,
  clock: Pick<Clock, 'now'>,
): Promise<CertificatePair> {
  const subject = [...groups.map((group) => ({ O: [group] })), { CN: [userName] }];
  return signLeaf(authority, { subject, usage: x509.ExtendedKeyUsage.clientAuth, extensions: [], days }, clock);
}

/** The end of a certificate's life, so that a host can renew it in time. */
export const certificateExpiryMs = (certificatePem: string): number => new x509.X509Certificate(certificatePem).notAfter.getTime();

export interface RequestedCertificate {
  /** PKCS #10. */
  readonly requestPem: string;
  /** `digital signature`, `client auth`: the API's words. */
  readonly usages: readonly string[];
  readonly seconds: number;
}

/** Below this, a certificate is valid for the whole time that was asked for. */
const shortSeconds = 8 * 3600;

/**
 * Signs what a request asks for: its subject, its key and its names. Everything else in the request is left out.
 * Source: pkg/controller/certificates/authority/policies.go, PermissiveSigningPolicy.
 */
export async function signCertificateRequest(
  authority: CertificatePair,
  { requestPem, usages, seconds }: RequestedCertificate,
  clock: Pick<Clock, 'now'>,
): Promise<string> {
  const issuer = new x509.X509Certificate(authority.certificatePem);
  const request = new x509.Pkcs10CertificateRequest(requestPem);
  const names = request.extensions.find((extension) => extension instanceof x509.SubjectAlternativeNameExtension);
  const nowMs = clock.now();
  const endMs = nowMs + seconds * 1000 - (seconds < shortSeconds ? 0 : backdateMs);
  const { flags, extended } = usagesOf(usages);
  const certificate = await x509.X509CertificateGenerator.create({
    subject: request.subject,
    issuer: issuer.subject,
    publicKey: request.publicKey,
    signingKey: await importKey(authority.keyPem),
    signingAlgorithm,
    notBefore: new Date(nowMs - backdateMs),
    notAfter: new Date(Math.min(endMs, issuer.notAfter.getTime())),
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      ...(flags === 0 ? [] : [new x509.KeyUsagesExtension(flags, true)]),
      ...(extended.length === 0 ? [] : [new x509.ExtendedKeyUsageExtension(extended)]),
      await x509.AuthorityKeyIdentifierExtension.create(issuer),
      ...(names === undefined ? [] : [names]),
    ],
  });
  return `${certificate.toString('pem')}\n`;
}

const keyUsages: Readonly<Record<string, x509.KeyUsageFlags>> = {
  signing: x509.KeyUsageFlags.digitalSignature,
  'digital signature': x509.KeyUsageFlags.digitalSignature,
  'content commitment': x509.KeyUsageFlags.nonRepudiation,
  'key encipherment': x509.KeyUsageFlags.keyEncipherment,
  'key agreement': x509.KeyUsageFlags.keyAgreement,
  'data encipherment': x509.KeyUsageFlags.dataEncipherment,
  'cert sign': x509.KeyUsageFlags.keyCertSign,
  'crl sign': x509.KeyUsageFlags.cRLSign,
  'encipher only': x509.KeyUsageFlags.encipherOnly,
  'decipher only': x509.KeyUsageFlags.decipherOnly,
};

const extendedUsages: Readonly<Record<string, string>> = {
  any: '2.5.29.37.0',
  'server auth': x509.ExtendedKeyUsage.serverAuth,
  'client auth': x509.ExtendedKeyUsage.clientAuth,
  'code signing': x509.ExtendedKeyUsage.codeSigning,
  'email protection': x509.ExtendedKeyUsage.emailProtection,
  's/mime': x509.ExtendedKeyUsage.emailProtection,
  'ipsec end system': '1.3.6.1.5.5.7.3.5',
  'ipsec tunnel': '1.3.6.1.5.5.7.3.6',
  'ipsec user': '1.3.6.1.5.5.7.3.7',
  timestamping: x509.ExtendedKeyUsage.timeStamping,
  'ocsp signing': x509.ExtendedKeyUsage.ocspSigning,
  'microsoft sgc': '1.3.6.1.4.1.311.10.3.3',
  'netscape sgc': '2.16.840.1.113730.4.1',
};

function usagesOf(usages: readonly string[]): { readonly flags: number; readonly extended: string[] } {
  let flags = 0;
  const extended = new Set<string>();
  for (const usage of usages) {
    flags |= keyUsages[usage] ?? 0;
    const oid = extendedUsages[usage];
    if (oid !== undefined) extended.add(oid);
    if (oid === undefined && keyUsages[usage] === undefined) throw new Error(`unrecognized usage values: [${JSON.stringify(usage)}]`);
  }
  return { flags, extended: [...extended] };
}
