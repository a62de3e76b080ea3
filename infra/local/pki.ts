/**
 * The cluster's own authority and what it signed: made once and kept in the data directory. The server's certificate
 * is made anew when it lacks a name or nears its end; everything else stays.
 */
import { join } from 'node:path';
import { X509Certificate } from 'node:crypto';
import {
  certificateExpiryMs,
  createCertificateAuthority,
  createClientCertificate,
  createServerCertificate,
  type CertificatePair,
} from '../../functions/client/certificates.ts';
import type { SigningKeys } from '../../functions/apiserver/auth/keys.ts';
import type { Clock } from '../../functions/world.ts';
import { readIfThere, writePrivately } from './data-directory.ts';
import { kubeletClientName } from '../../functions/resources/bootstrap/kubelet-client-role.ts';
import { liveSigningKeys } from './signing-keys.ts';

export interface Pki {
  readonly authority: CertificatePair;
  readonly server: CertificatePair;
  readonly admin: CertificatePair;
  /** What the API shows nodes of upstream's kubelet. */
  readonly kubeletClient: CertificatePair;
  readonly tokenKeys: SigningKeys;
  /** Takes up keys that were made beside it. */
  refreshTokenKeys(): void;
  /** The certificate by which aggregated API servers know this one when it passes on users' requests. */
  readonly requestHeader: { readonly authority: CertificatePair; readonly client: CertificatePair };
}

export const adminName = 'kubernetes-admin';
const adminGroup = 'system:masters';
export const requestHeaderClientName = 'front-proxy-client';

/** A certificate with less left than this is replaced at the next start. */
const renewBeforeMs = 30 * 24 * 3_600_000;

async function keptPair(
  directory: string,
  name: string,
  isGood: (pair: CertificatePair) => boolean,
  create: () => Promise<CertificatePair>,
): Promise<CertificatePair> {
  const [certificateFile, keyFile] = [join(directory, `${name}.crt`), join(directory, `${name}.key`)];
  const [certificatePem, keyPem] = [readIfThere(certificateFile), readIfThere(keyFile)];
  if (certificatePem !== undefined && keyPem !== undefined && isGood({ certificatePem, keyPem })) return { certificatePem, keyPem };
  const pair = await create();
  writePrivately(keyFile, pair.keyPem);
  writePrivately(certificateFile, pair.certificatePem);
  return pair;
}

function names(certificatePem: string, hosts: readonly string[]): boolean {
  const certificate = new X509Certificate(certificatePem);
  return hosts.every((host) => (/^[\d.]+$|:/.test(host) ? certificate.checkIP(host) : certificate.checkHost(host)) !== undefined);
}

/** `hosts`: every DNS name and IP address under which clients reach the API. */
export async function loadPki(directory: string, hosts: readonly string[], clock: Clock): Promise<Pki> {
  const lasts = ({ certificatePem }: CertificatePair): boolean => certificateExpiryMs(certificatePem) - clock.now() > renewBeforeMs;
  const authority = await keptPair(
    directory,
    'ca',
    () => true,
    () => createCertificateAuthority('hibernetes', clock),
  );
  const requestHeaderAuthority = await keptPair(
    directory,
    'front-proxy-ca',
    () => true,
    () => createCertificateAuthority('front-proxy-ca', clock),
  );
  const tokenKeys = await liveSigningKeys(directory);
  return {
    authority,
    requestHeader: {
      authority: requestHeaderAuthority,
      client: await keptPair(directory, 'front-proxy-client', lasts, () =>
        createClientCertificate(requestHeaderAuthority, { userName: requestHeaderClientName, groups: [] }, clock),
      ),
    },
    server: await keptPair(
      directory,
      'apiserver',
      (pair) => lasts(pair) && names(pair.certificatePem, hosts),
      () => createServerCertificate(authority, { commonName: 'kube-apiserver', hosts }, clock),
    ),
    kubeletClient: await keptPair(directory, 'apiserver-kubelet-client', lasts, () =>
      createClientCertificate(authority, { userName: kubeletClientName, groups: [] }, clock),
    ),
    admin: await keptPair(directory, 'admin', lasts, () =>
      createClientCertificate(authority, { userName: adminName, groups: [adminGroup] }, clock),
    ),
    tokenKeys: tokenKeys.keys,
    refreshTokenKeys: () => tokenKeys.refresh(),
  };
}
