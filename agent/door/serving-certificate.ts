/**
 * The certificate of the node's door. The cluster's signer makes it from a request of the node. Until then, and where no
 * signer answers, the door shows one that the node made itself, as a kubelet does.
 * Source: pkg/kubelet/certificate/kubelet.go; k8s.io/client-go, util/certificate/certificate_manager.go
 */
// x509 resolves its parts by decorators at load time; the polyfill must be there first.
import 'reflect-metadata';
import { webcrypto, X509Certificate } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import * as x509 from '@peculiar/x509';
import { createCertificateAuthority, createServerCertificate, type CertificatePair } from '../../functions/client/certificates.ts';
import type { Client } from '../../functions/client/client.ts';
import { certificateSigningRequests } from '../../functions/kube/resource-type.ts';
import { StatusError } from '../../functions/kube/status-error.ts';
import type { World } from '../../functions/world.ts';
import { errorCode } from '../files/error-code.ts';
import { TransportError } from '../poll.ts';

export interface ServingCertificateOptions {
  readonly world: Pick<World, 'clock' | 'random' | 'log'>;
  readonly client: Pick<Client, 'create' | 'get'>;
  readonly nodeName: string;
  readonly nodeIp: string;
  /** Holds the signed certificate and its key. */
  readonly file: string;
}

export interface ServingCertificate {
  current(): CertificatePair;
  /** Keeps it signed and fresh. Resolves when the signal aborts. */
  run(onChange: (pair: CertificatePair) => void, signal: AbortSignal): Promise<void>;
}

const signer = 'kubernetes.io/kubelet-serving';
const usages = ['digital signature', 'server auth'];
const askAgainMs = 2_000;
/** How long an answer is waited for; then a new request is made. */
const waitMsMax = 15 * 60_000;
const retryMs = 60_000;
const checkMs = 10 * 60_000;
/** The share of its life after which a certificate is renewed: random in between, so that nodes do not come together. */
const renewedAfter = { from: 0.7, to: 0.9 };
const keyAlgorithm = { name: 'ECDSA', namedCurve: 'P-256' };

/** By its addresses alone: a name could be one that belongs to another machine. */
async function newRequest({
  nodeName,
  nodeIp,
}: ServingCertificateOptions): Promise<{ readonly keyPem: string; readonly requestPem: string }> {
  x509.cryptoProvider.set(webcrypto);
  const keys = await webcrypto.subtle.generateKey(keyAlgorithm, true, ['sign', 'verify']);
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    name: `O=system:nodes, CN=system:node:${nodeName}`,
    keys,
    signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' },
    extensions: [new x509.SubjectAlternativeNameExtension([{ type: 'ip', value: nodeIp }])],
  });
  const der = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey);
  return { keyPem: `${x509.PemConverter.encode(der, 'PRIVATE KEY')}\n`, requestPem: request.toString('pem') };
}

async function selfSigned({ nodeName, nodeIp, world }: ServingCertificateOptions): Promise<CertificatePair> {
  const authority = await createCertificateAuthority(`${nodeName}-ca`, world.clock);
  return createServerCertificate(authority, { commonName: nodeName, hosts: [nodeName, nodeIp] }, world.clock);
}

async function load(file: string): Promise<CertificatePair | undefined> {
  try {
    const text = await readFile(file, 'utf8');
    const blocks = text.split(/(?=-----BEGIN )/);
    const keyPem = blocks.find((block) => block.startsWith('-----BEGIN PRIVATE KEY-----'));
    const certificatePem = blocks.filter((block) => block.startsWith('-----BEGIN CERTIFICATE-----')).join('');
    return keyPem === undefined || certificatePem === '' ? undefined : { certificatePem, keyPem };
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

async function save(file: string, { certificatePem, keyPem }: CertificatePair): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  await writeFile(`${file}.draft`, certificatePem + keyPem, { mode: 0o600, flush: true });
  await rename(`${file}.draft`, file);
}

function renewalMs({ certificatePem }: CertificatePair, share: number): number {
  const { validFromDate, validToDate } = new X509Certificate(certificatePem);
  return validFromDate.getTime() + share * (validToDate.getTime() - validFromDate.getTime());
}

const covers = ({ certificatePem }: CertificatePair, address: string): boolean =>
  new X509Certificate(certificatePem).checkIP(address) !== undefined;

/** Undefined: the request was refused, or no signer answered it in time. */
async function requestSigned(options: ServingCertificateOptions, signal: AbortSignal): Promise<CertificatePair | undefined> {
  const { client, world } = options;
  const { keyPem, requestPem } = await newRequest(options);
  const request = Buffer.from(requestPem).toString('base64');
  const made = await client.create(certificateSigningRequests, {
    metadata: { generateName: 'csr-' },
    spec: { signerName: signer, request, usages },
  });
  const name = made.metadata.name ?? '';
  for (let waitedMs = 0; waitedMs < waitMsMax; waitedMs += askAgainMs) {
    await world.clock.sleep(askAgainMs, signal);
    const { status } = await client.get(certificateSigningRequests, { namespace: '', name });
    if ((status?.certificate ?? '') !== '')
      return { certificatePem: Buffer.from(status?.certificate ?? '', 'base64').toString('utf8'), keyPem };
    const isOver = (status?.conditions ?? []).some(
      ({ type, status: holds }) => (type === 'Denied' || type === 'Failed') && holds === 'True',
    );
    if (isOver) return undefined;
  }
  return undefined;
}

export async function createServingCertificate(options: ServingCertificateOptions): Promise<ServingCertificate> {
  const { world, file, nodeIp } = options;
  const loaded = await load(file);
  let signed = loaded !== undefined && covers(loaded, nodeIp) && renewalMs(loaded, 1) > world.clock.now() ? loaded : undefined;
  let current = signed ?? (await selfSigned(options));
  const share = renewedAfter.from + (renewedAfter.to - renewedAfter.from) * world.random.next();

  const renew = async (onChange: (pair: CertificatePair) => void, signal: AbortSignal): Promise<number> => {
    if (signed !== undefined && renewalMs(signed, share) > world.clock.now()) return checkMs;
    try {
      const pair = await requestSigned(options, signal);
      if (pair === undefined) return retryMs;
      await save(file, pair);
      signed = pair;
      current = pair;
      onChange(pair);
      return checkMs;
    } catch (error) {
      if (!(error instanceof StatusError || error instanceof TransportError)) throw error;
      world.log.warn('the certificate of the node could not be asked for; it is tried again', { error: error.message });
      return retryMs;
    }
  };

  return {
    current: () => current,
    async run(onChange, signal) {
      while (!signal.aborted) {
        try {
          await world.clock.sleep(await renew(onChange, signal), signal);
        } catch (error) {
          if (!signal.aborted) throw error;
        }
      }
    },
  };
}
