/** Requests below `proxy` are the proxied server's: every method, whatever the path. Source: apiserver, pkg/endpoints/handlers/rest.go (ConnectResource) */
import { posix } from 'node:path';
import { withUpgrade } from '../../node-protocol/mailed-upgrade.ts';
import { apiVersionOf } from '../../kube/resource-type.ts';
import { StatusError } from '../../kube/status-error.ts';
import type { ProxySubresource } from '../../resources/definition.ts';
import { methodNotAllowed } from '../http/api-errors.ts';
import { admissionOf } from '../registry/admission.ts';
import { fromStore } from '../registry/commit.ts';
import type { ResourceRequest, Server } from '../server.ts';

const methods = new Set(['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS']);

/** What follows the subresource, cleaned, '' when nothing does. */
function pathBelow({ path, group, isNamespaced }: ResourceRequest['info']): string {
  let named = (group === '' ? 2 : 3) + (isNamespaced ? 2 : 0) + 3;
  const parts = path.replace(/^\/+/, '').split('/');
  const from = parts.findIndex((part) => part !== '' && (named -= 1) === 0);
  const rest = parts.slice(from + 1).join('/');
  if (from + 1 >= parts.length) return '';
  return posix.normalize(`/${rest}`);
}

/** A path, escaped as Go does it. */
const escaped = (path: string): string => encodeURI(path).replaceAll(/[?#[\]]/g, encodeURIComponent);

export async function proxySubresource(server: Server, request: ResourceRequest, subresource: ProxySubresource): Promise<Response> {
  const { info, url, connection } = request;
  if (!methods.has(request.request.method)) throw methodNotAllowed();
  if (server.proxy === undefined) throw new StatusError(501, 'NotImplemented', 'proxy is not available on this server');
  const view = await fromStore(() => server.store.fresh(connection.arrivedMs));
  const context = { view, namespace: info.namespace, random: () => server.world.random.next() };
  const below = pathBelow(info);
  const { group, version } = request.served.type;
  const kind = { group, version, kind: subresource.optionsKind };
  const options = {
    kind: kind.kind,
    apiVersion: apiVersionOf(request.served.type),
    metadata: {},
    ...(below === '' ? {} : { path: below }),
  };
  const admission = await admissionOf(server, request, { operation: 'CONNECT', name: info.name, dryRun: false, options: {}, kind });
  await admission.review(undefined, { object: options });
  const { scheme, nodeName, target, host } = subresource.locate(info.name, context);
  const isUpgrade = withUpgrade(request.request.headers).has('upgrade');
  if (below === '' && info.verb === 'get' && !isUpgrade) {
    return new Response(null, { status: 301, headers: { location: `${escaped(info.path)}/${url.search}` } });
  }
  const prefix = below === '' ? info.path : info.path.slice(0, info.path.length - below.length);
  const path = escaped(below === '' ? '/' : below);
  return server.proxy(request, {
    end: { nodeName, target },
    ...(scheme === 'https' ? { tls: {} } : {}),
    host,
    path: `${path}${url.search}`,
    links: { prefix, serverHost: host, requestHost: request.request.headers.get('host') ?? '' },
    headers: { 'x-forwarded-uri': `${escaped(prefix)}${path}` },
  });
}
