/**
 * Signed requests to those services of AWS for which this program brings no client of the SDK: a question each to the
 * token service, CloudFormation, CloudWatch and Lambda is not worth one.
 */
import { parseXML } from '@aws-sdk/xml-builder';
import { Sha256 } from '@smithy/core/checksum';
import { SignatureV4 } from '@smithy/signature-v4';
import { serviceHost } from '../../functions/aws/endpoint.ts';
import type { CloudCredentials } from './cloud-token.ts';

export interface CloudRequestOptions {
  readonly region: string;
  readonly credentials: () => Promise<CloudCredentials>;
  readonly environment: (name: string) => string | undefined;
  readonly fetch: typeof globalThis.fetch;
}

/** AWS refused, with a reason. */
export class CloudError extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.name = 'CloudError';
    this.code = code;
  }
}

/** AWS was not reached. */
export class CloudUnreachable extends Error {
  override name = 'CloudUnreachable';
}

/** The services of the query protocol, each with the version of its API. */
const versions = { sts: '2011-06-15', cloudformation: '2010-05-15', monitoring: '2010-08-01' } as const;
export type QueryService = keyof typeof versions;

/** The texts of an answer, by element. */
export type Element = string | { readonly [name: string]: Element | readonly Element[] };

export interface CloudRequests {
  /** The result of an action. */
  query(service: QueryService, action: string, parameters?: Readonly<Record<string, string>>): Promise<Element>;
  /** What lies at a path, where the service answers with JSON. */
  get(service: string, path: string): Promise<unknown>;
}

const timeoutMs = 30_000;

/** The element there, or undefined. */
export function at(element: Element | undefined, ...path: readonly string[]): Element | undefined {
  let here = element;
  for (const name of path) {
    const next: Element | readonly Element[] | undefined = here === undefined || typeof here === 'string' ? undefined : here[name];
    here = Array.isArray(next) ? next[0] : (next as Element | undefined);
  }
  return here;
}

export function textAt(element: Element | undefined, ...path: readonly string[]): string | undefined {
  const found = at(element, ...path);
  return typeof found === 'string' ? found : undefined;
}

/** A list's elements are all called `member`; one alone is no list to the parser. */
export function membersAt(element: Element | undefined, ...path: readonly string[]): readonly Element[] {
  const list = at(element, ...path);
  const members = list === undefined || typeof list === 'string' ? undefined : list['member'];
  if (members === undefined) return [];
  return Array.isArray(members) ? members : [members as Element];
}

/** Source: the SDKs' setting for addresses of one's own, AWS_ENDPOINT_URL_<SERVICE>. */
const settingOf: Readonly<Record<string, string>> = { monitoring: 'CLOUDWATCH' };

function baseOf(service: string, { region, environment }: CloudRequestOptions): URL {
  const named = environment(`AWS_ENDPOINT_URL_${settingOf[service] ?? service.toUpperCase()}`);
  return new URL(named ?? environment('AWS_ENDPOINT_URL') ?? `https://${serviceHost(service, region)}`);
}

function refusal(status: number, text: string): CloudError {
  if (text.startsWith('{')) {
    const { message, Message, Type, __type: type } = JSON.parse(text) as Record<string, string>;
    return new CloudError(type ?? Type ?? `${status}`, message ?? Message ?? text);
  }
  const error = text.startsWith('<') ? at(parseXML(text) as Element, 'ErrorResponse', 'Error') : undefined;
  return new CloudError(textAt(error, 'Code') ?? `${status}`, textAt(error, 'Message') ?? `it answered ${status}`);
}

export function createCloudRequests(options: CloudRequestOptions): CloudRequests {
  const { region, credentials, fetch } = options;

  async function send(service: string, path: string, form?: string): Promise<string> {
    const base = baseOf(service, options);
    const headers = {
      host: base.host,
      ...(form === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' }),
    };
    const method = form === undefined ? 'GET' : 'POST';
    const signer = new SignatureV4({ service, region, credentials: await credentials(), sha256: Sha256 });
    const signed = await signer.sign({ protocol: base.protocol, hostname: base.hostname, method, path, headers, query: {}, body: form });
    const { host, ...sent } = signed.headers;
    try {
      const signal = AbortSignal.timeout(timeoutMs);
      const response = await fetch(new URL(path, base), { method, headers: sent, signal, ...(form === undefined ? {} : { body: form }) });
      const text = await response.text();
      if (response.ok) return text;
      throw refusal(response.status, text);
    } catch (error) {
      if (error instanceof CloudError || !(error instanceof Error)) throw error;
      const why = error.cause instanceof Error ? error.cause.message : error.message;
      throw new CloudUnreachable(`${host}: ${why}`, { cause: error });
    }
  }

  return {
    async query(service, action, parameters = {}) {
      const form = new URLSearchParams({ Action: action, Version: versions[service], ...parameters }).toString();
      const answer = parseXML(await send(service, '/', form)) as Element;
      return at(answer, `${action}Response`, `${action}Result`) ?? '';
    },
    get: async (service, path) => JSON.parse(await send(service, path)) as unknown,
  };
}
