/**
 * How one request counts in apiserver_request_total. Source: apiserver, pkg/endpoints/metrics, MonitorRequest.
 *
 * A resource is named once a request for it has succeeded. Until then nothing shows that it is served, and paths that clients
 * invent would each become a series.
 */
import { requestInfoOf } from '../../functions/apiserver/http/request-info.ts';
import type { RequestInfo } from '../../functions/apiserver/ports.ts';
import { StatusError } from '../../functions/kube/status-error.ts';

const methods = new Set(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']);
const connected = new Set(['log', 'exec', 'portforward', 'attach', 'proxy']);
const applyPatch = /^application\/apply-patch\+/;
const firstError = 400;

export type RequestLabels = (request: Request, status: number) => Readonly<Record<string, string>>;

export function createRequestLabels(): RequestLabels {
  const served = new Set<string>();
  return (request, status) => {
    const url = new URL(request.url);
    const info = infoOf(request.method, url);
    const verb = info === undefined ? 'other' : verbOf(request, info);
    const of = { component: 'apiserver', code: String(status), dry_run: url.searchParams.has('dryRun') ? 'All' : '', verb };
    const { group = '', version = '', resource = '', subresource = '' } = info ?? {};
    const key = [group, version, resource, subresource].join('/');
    if (info?.isResource === true && status < firstError) served.add(key);
    if (info === undefined || !served.has(key)) return { ...of, group: '', version: '', resource: '', subresource: '', scope: '' };
    return { ...of, group, version, resource, subresource, scope: scopeOf(info) };
  };
}

function infoOf(method: string, url: URL): RequestInfo | undefined {
  try {
    return requestInfoOf(method, url);
  } catch (error) {
    if (error instanceof StatusError) return undefined;
    throw error;
  }
}

function verbOf({ method, headers }: Request, { isResource, verb, subresource }: RequestInfo): string {
  if (isResource && connected.has(subresource)) return 'CONNECT';
  if (verb === 'watch' || verb === 'list') return verb.toUpperCase();
  if (method === 'PATCH' && applyPatch.test(headers.get('content-type') ?? '')) return 'APPLY';
  const canonical = method === 'HEAD' ? 'GET' : method;
  return methods.has(canonical) ? canonical : 'other';
}

function scopeOf({ name, namespace, verb }: RequestInfo): string {
  if (name !== '' || verb === 'create') return 'resource';
  return namespace === '' ? 'cluster' : 'namespace';
}
