/** A file of the dashboard as an answer, with what its page may do. */
import { gunzipSync } from 'node:zlib';
import { pageNotFound } from '../http/api-errors.ts';
import type { ApiRequest } from '../ports.ts';
import type { DashboardFiles } from './dashboard.ts';

export const dashboardPath = '/ui';
const indexFile = 'index.html';
/** Names of other files than the first one hold the hash of their content. */
const fileName = /^[a-zA-Z0-9_-]{1,80}\.(html|js|css|svg)$/;

const contentTypes: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
};

/** No other host, no code or style in the page itself, no frame around it, no text that becomes markup. */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ');

const securityHeaders = {
  'content-security-policy': contentSecurityPolicy,
  'x-frame-options': 'DENY',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
};

function fileResponse(name: string, packed: Uint8Array<ArrayBuffer>, accepted: string): Response {
  const [type = ''] = name.split('.').slice(-1);
  const isPacked = /\bgzip\b/.test(accepted);
  const bytes = isPacked ? packed : new Uint8Array(gunzipSync(packed));
  return new Response(bytes, {
    headers: {
      ...securityHeaders,
      ...(isPacked ? { 'content-encoding': 'gzip' } : {}),
      'content-type': contentTypes[type] ?? 'application/octet-stream',
      'content-length': String(bytes.length),
      'cache-control': name === indexFile ? 'no-cache' : 'public, max-age=31536000, immutable',
      vary: 'accept-encoding',
    },
  });
}

/** The answer to a GET of a path that begins with `/ui`. Undefined: there is nothing. */
export async function dashboardResponse(files: DashboardFiles, path: string, acceptEncoding: string): Promise<Response | undefined> {
  // Relative, since a cluster may stand below a path of its host.
  if (path === dashboardPath) return new Response(null, { status: 308, headers: { location: 'ui/', ...securityHeaders } });
  if (!path.startsWith(`${dashboardPath}/`)) return undefined;
  const name = path.slice(dashboardPath.length + 1) || indexFile;
  const packed = fileName.test(name) ? await files.read(name) : undefined;
  return packed === undefined ? undefined : fileResponse(name, packed, acceptEncoding);
}

export async function serveDashboard(files: DashboardFiles, { request, info }: ApiRequest): Promise<Response> {
  const isRead = info.verb === 'get' || info.verb === 'head';
  const answer = isRead ? await dashboardResponse(files, info.path, request.headers.get('accept-encoding') ?? '') : undefined;
  return answer ?? pageNotFound();
}
