/**
 * What `aws eks get-token` makes: a request to AWS's token service, signed and not sent. The API sends it later to
 * learn who signed it. Making a token needs no network. Source: aws-iam-authenticator, pkg/token/token.go (GetWithSTS).
 */
import { Sha256 } from '@smithy/core/checksum';
import { SignatureV4 } from '@smithy/signature-v4';
import { serviceHost } from '../../functions/aws/endpoint.ts';
import { clusterIdHeader } from '../../functions/cloud/iam-token.ts';

export interface CloudCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

export interface TokenOptions {
  /** What the token is for: no other cluster takes it. */
  readonly iamClusterId: string;
  readonly region: string;
  readonly credentials: CloudCredentials;
  readonly nowMs: number;
}

const expiresSeconds = 60;

export async function presignedToken({ iamClusterId, region, credentials, nowMs }: TokenOptions): Promise<string> {
  const hostname = serviceHost('sts', region);
  const signer = new SignatureV4({ service: 'sts', region, credentials, sha256: Sha256 });
  const { query = {} } = await signer.presign(
    {
      protocol: 'https:',
      hostname,
      method: 'GET',
      path: '/',
      query: { Action: 'GetCallerIdentity', Version: '2011-06-15' },
      headers: { host: hostname, [clusterIdHeader]: iamClusterId },
    },
    // The cluster's id stays a signed header, which the API must send again. So the token is valid for this cluster only.
    { expiresIn: expiresSeconds, signingDate: new Date(nowMs), unhoistableHeaders: new Set([clusterIdHeader]) },
  );
  const parameters = Object.entries(query).map(([name, value]): [string, string] => [name, String(value)]);
  const url = `https://${hostname}/?${new URLSearchParams(parameters).toString()}`;
  return `k8s-aws-v1.${Buffer.from(url).toString('base64url')}`;
}
