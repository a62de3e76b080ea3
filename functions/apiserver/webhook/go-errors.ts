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

const refusals: Readonly<Record<number, string>> = {
  400: 'the server rejected our request for an unknown reason',
  401: 'the server has asked for the client to provide credentials',
  404: 'the server could not find the requested resource',
  405: 'the server does not allow this method on the requested resource',
  409: 'the server reported a conflict',
  413: 'the server responded with the status code 413 but did not return more information',
  429: 'the server has received too many requests and has asked us to try again later',
  503: 'the server is currently unable to handle the request',
};

/** Whether client-go shows the body in its errors. Source: client-go, rest/request.go (isTextResponse). */
const isText = (contentType: string | undefined): boolean => contentType === undefined || contentType.trimStart().startsWith('text/');

/** What client-go makes of an answer that is no success. Source: apimachinery, pkg/api/errors/errors.go (NewGenericServerResponse). */
export function refusalText(status: number, body: string, contentType: string | undefined): string {
  const text = (isText(contentType) ? body.trim() : '') || 'unknown';
  if (status === 403) return text;
  const known = refusals[status];
  if (known !== undefined) return known;
  return status >= 500
    ? `an error on the server (${JSON.stringify(text)}) has prevented the request from succeeding`
    : `the server responded with the status code ${status} but did not return more information`;
}
