/**
 * Judges signatures as AWS does, by its public description and by none of its code.
 * Source: AWS, "Create a signed AWS API request" (Signature Version 4).
 */
import { createHash, createHmac } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

export interface SignedRequest {
  readonly method: string;
  /** As it was sent, without a query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Signer {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly region: string;
  readonly service: string;
}

const authorization =
  /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/([^/]+)\/aws4_request, SignedHeaders=([^,]+), Signature=([0-9a-f]{64})$/;

const digest = (text: string): string => createHash('sha256').update(text).digest('hex');
const keyed = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();

/** What is wrong with it; undefined: nothing. */
export function signatureFault({ method, path, headers, body }: SignedRequest, signer: Signer): string | undefined {
  const [, key, day = '', region, service, names = '', signature] = authorization.exec(headers.authorization ?? '') ?? [];
  if (signature === undefined) return 'there is none';
  if (key !== signer.accessKeyId || region !== signer.region || service !== signer.service) return 'it is for something else';
  const time = String(headers['x-amz-date']);
  if (!/^\d{8}T\d{6}Z$/.test(time) || !time.startsWith(day)) return 'its day is not that of the request';
  const signed = names.split(';');
  if (signed.join() !== signed.toSorted().join()) return 'its headers are not in order';
  const unsigned = Object.keys(headers).filter((name) => /^(host$|content-type$|x-amz-)/.test(name) && !signed.includes(name));
  if (unsigned.length > 0) return `it leaves out ${unsigned.join()}`;
  if (digest(body) !== (headers['x-amz-content-sha256'] ?? digest(body))) return 'its digest is of another body';

  const canonicalPath = path.split('/').map(encodeURIComponent).join('/');
  const lines = signed.map((name) => `${name}:${String(headers[name]).trim().replace(/ +/g, ' ')}`);
  const canonical = [method, canonicalPath, '', ...lines, '', names, digest(body)].join('\n');
  const scope = `${day}/${region}/${service}/aws4_request`;
  const toSign = ['AWS4-HMAC-SHA256', time, scope, digest(canonical)].join('\n');
  const signingKey = [day, signer.region, signer.service, 'aws4_request'].reduce(keyed, Buffer.from(`AWS4${signer.secretAccessKey}`));
  return keyed(signingKey, toSign).toString('hex') === signature ? undefined : 'it does not fit the request';
}
