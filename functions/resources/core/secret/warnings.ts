/** A TLS secret whose certificate or key cannot be read. Source: pkg/registry/core/secret/strategy.go; crypto/tls, X509KeyPair. */
import type { Secret } from '../../../kube/generated/types.ts';

const blockType = /-----BEGIN ([^-\n]+)-----/g;

export function secretWarnings({ type, data = {} }: Secret): string[] {
  if (type !== 'kubernetes.io/tls') return [];
  const problem = problemOf(data['tls.crt'], 'certificate', isCertificate) ?? problemOf(data['tls.key'], 'key', isKey);
  return problem === undefined ? [] : [`tls: ${problem}`];
}

const isCertificate = (block: string): boolean => block === 'CERTIFICATE';
const isKey = (block: string): boolean => block === 'PRIVATE KEY' || block.endsWith(' PRIVATE KEY');

function problemOf(value: string | undefined, input: 'certificate' | 'key', isWanted: (block: string) => boolean): string | undefined {
  const text = Buffer.from(value ?? '', 'base64').toString('latin1');
  const blocks = [...text.matchAll(blockType)].map(([, block = '']) => block);
  if (blocks.some(isWanted)) return undefined;
  if (blocks.length === 0) return `failed to find any PEM data in ${input} input`;
  if (input === 'certificate' && blocks.length === 1 && isKey(blocks[0] ?? '')) {
    return 'failed to find certificate PEM data in certificate input, but did find a private key; PEM inputs may have been switched';
  }
  if (input === 'key' && blocks.length === 1 && isCertificate(blocks[0] ?? '')) {
    return 'found a certificate rather than a key in the PEM for the private key';
  }
  const wanted = input === 'key' ? 'PEM block with type ending in "PRIVATE KEY" in key' : '"CERTIFICATE" PEM block in certificate';
  return `failed to find ${wanted} input after skipping PEM blocks of the following types: [${blocks.join(' ')}]`;
}
