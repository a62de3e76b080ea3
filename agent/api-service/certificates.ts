/**
 * The node's own authority, which only pods of this node trust. Its key never leaves the node. It stays over restarts of
 * the agent, since running pods have read its certificate.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createCertificateAuthority, createServerCertificate, type CertificatePair } from '../../functions/client/certificates.ts';
import { errorCode } from '../files/error-code.ts';
import type { Clock } from '../../functions/world.ts';

const certificateFile = 'ca.crt';
const keyFile = 'ca.key';
/** The agent makes a new one whenever it starts; some agents are not started for years. */
const serverDays = 3600;

export async function nodeAuthority(directory: string, nodeName: string, clock: Pick<Clock, 'now'>): Promise<CertificatePair> {
  const [certificate, key] = [join(directory, certificateFile), join(directory, keyFile)];
  try {
    return { certificatePem: await readFile(certificate, 'utf8'), keyPem: await readFile(key, 'utf8') };
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
  }
  const made = await createCertificateAuthority(`hibernetes-node-${nodeName}`, clock);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  await writeFile(key, made.keyPem, { mode: 0o600 });
  // The last one: where it is, the key is, too.
  await writeFile(certificate, made.certificatePem);
  return made;
}

export const apiCertificate = (authority: CertificatePair, hosts: readonly string[], clock: Pick<Clock, 'now'>): Promise<CertificatePair> =>
  createServerCertificate(authority, { commonName: 'kube-apiserver', hosts, days: serverDays }, clock);
