/** How Go's net/http words what Node's TLS and sockets report. */

const unknownAuthority = 'tls: failed to verify certificate: x509: certificate signed by unknown authority';

const words: Readonly<Record<string, string>> = {
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: unknownAuthority,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: unknownAuthority,
  UNABLE_TO_GET_ISSUER_CERT: unknownAuthority,
  SELF_SIGNED_CERT_IN_CHAIN: unknownAuthority,
  DEPTH_ZERO_SELF_SIGNED_CERT: unknownAuthority,
  CERT_HAS_EXPIRED: 'tls: failed to verify certificate: x509: certificate has expired or is not yet valid',
  ECONNREFUSED: 'connect: connection refused',
  ECONNRESET: 'EOF',
  EPIPE: 'EOF',
  EPROTO: 'tls: first record does not look like a TLS handshake',
};

export function goTlsError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = 'code' in error ? String(error.code) : '';
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return `tls: failed to verify certificate: x509: ${error.message}`;
  if (code === 'ECONNREFUSED' && 'address' in error && 'port' in error) {
    return `dial tcp ${String(error.address)}:${String(error.port)}: ${words[code]}`;
  }
  return words[code] ?? error.message;
}
