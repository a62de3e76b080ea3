/**
 * The certificate to trust before anything secret is sent. The server's chain is fetched in a handshake that proves nothing;
 * what it brings counts only if it has the pinned public key. Source: kubeadm, app/discovery/token/token.go.
 */
import { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { connect, type DetailedPeerCertificate, type TLSSocket } from 'node:tls';
import { CliError } from './cli-error.ts';
import { publicKeyHash } from './public-key-hash.ts';

interface Handshake {
  readonly chain: readonly X509Certificate[];
  /** This machine's address, as it reaches the server. */
  readonly localAddress: string;
}

const handshakeTimeoutMs = 10_000;
const chainMax = 10;

function chainOf(socket: TLSSocket): X509Certificate[] {
  const chain: X509Certificate[] = [];
  let certificate: DetailedPeerCertificate | undefined = socket.getPeerCertificate(true);
  while (certificate?.raw !== undefined && chain.length < chainMax) {
    const { raw, issuerCertificate }: DetailedPeerCertificate = certificate;
    chain.push(new X509Certificate(raw));
    // A root is its own issuer.
    certificate = issuerCertificate === certificate ? undefined : issuerCertificate;
  }
  return chain;
}

export function shakeHands(server: URL): Promise<Handshake> {
  const host = server.hostname.replace(/^\[|\]$/g, '');
  return new Promise((resolve, reject) => {
    const refuse = (why: string): void =>
      reject(new CliError(`The server ${server.host} does not answer: ${why}.`, 'Is the address right, and may this machine reach it?'));
    // No verification, since nothing is sent but a greeting.
    const socket = connect({
      host,
      port: Number(server.port || 443),
      rejectUnauthorized: false,
      timeout: handshakeTimeoutMs,
      ...(isIP(host) === 0 ? { servername: host } : {}),
    });
    socket.on('secureConnect', () => {
      resolve({ chain: chainOf(socket), localAddress: (socket.localAddress ?? '').replace(/^::ffff:/, '') });
      socket.destroy();
    });
    socket.on('timeout', () => {
      socket.destroy();
      refuse(`nothing came within ${handshakeTimeoutMs / 1000} s`);
    });
    socket.on('error', (error) => refuse(error.message));
  });
}

const hashPattern = /^sha256:[0-9a-f]{64}$/;

/** The PEM of the certificate with the pinned key. The TLS connection that trusts it checks its issuer's signatures. */
export function pinnedAuthority(chain: readonly X509Certificate[], hash: string): string {
  const wanted = hash.toLowerCase();
  if (!hashPattern.test(wanted))
    throw new CliError(
      `${hash} is no hash of a certificate.`,
      'It looks like sha256: and 64 digits from 0 to f; hibernetes token create prints it.',
    );
  const found = chain.find((certificate) => publicKeyHash(certificate) === wanted);
  if (found === undefined)
    throw new CliError(
      'The server is not the one that was asked for: none of its certificates has the public key of --ca-cert-hash.',
      'Take address and hash from one output of hibernetes token create.',
    );
  return `${found.toString().trimEnd()}\n`;
}
