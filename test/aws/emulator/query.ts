/** A signed request to a service of AWS's query protocol, where the command line has none of its own. */
import { parseXML } from '@aws-sdk/xml-builder';
import { Sha256 } from '@smithy/core/checksum';
import { SignatureV4 } from '@smithy/signature-v4';
import { at, type Element } from '../../../infra/cli/cloud-request.ts';
import type { CloudCredentials } from '../../../infra/cli/cloud-token.ts';

export interface Asked {
  readonly service: 'iam' | 'cloudformation';
  readonly version: string;
  readonly action: string;
  readonly parameters: Readonly<Record<string, string>>;
}

export interface Asker {
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: CloudCredentials;
}

/** The result of an action. */
export async function query({ endpoint, region, credentials }: Asker, { service, version, action, parameters }: Asked): Promise<Element> {
  const { protocol, hostname, host } = new URL(endpoint);
  const body = new URLSearchParams({ Action: action, Version: version, ...parameters }).toString();
  const headers = { host, 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' };
  const signer = new SignatureV4({ service, region, credentials, sha256: Sha256 });
  const signed = await signer.sign({ protocol, hostname, method: 'POST', path: '/', query: {}, headers, body });
  const response = await fetch(endpoint, { method: 'POST', headers: signed.headers, body });
  const text = await response.text();
  if (!response.ok) throw new Error(`${action}: ${text}`);
  return at(parseXML(text) as Element, `${action}Response`, `${action}Result`) ?? '';
}
