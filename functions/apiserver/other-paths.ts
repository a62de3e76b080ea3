/** The paths that are no resources: health, version, discovery, OpenAPI. */
import type { Discovery } from './discovery/discovery.ts';
import { methodNotAllowed } from './http/api-errors.ts';
import { encodedFor } from './http/body-encoder.ts';
import type { OpenApi } from './openapi/documents.ts';
import type { ApiRequest, RequestInfo } from './ports.ts';

/** Source: apimachinery, pkg/version/types.go. */
export interface VersionDocument {
  /** An integer as text: clients parse it. */
  readonly major: string;
  readonly minor: string;
  readonly emulationMajor: string;
  readonly emulationMinor: string;
  readonly minCompatibilityMajor: string;
  readonly minCompatibilityMinor: string;
  readonly gitVersion: string;
  readonly gitCommit: string;
  readonly gitTreeState: string;
  readonly buildDate: string;
  readonly goVersion: string;
  readonly compiler: string;
  readonly platform: string;
}

export interface Documents {
  readonly discovery: Discovery;
  readonly openApi: OpenApi;
}

export interface OtherPaths {
  readonly version: VersionDocument;
  /** The OpenAPI documents of the kinds that are served now. */
  documents(): Promise<Documents>;
}

const healthPath = /^\/(healthz|livez|readyz)(\/.*)?$/;
const publicPath = /^\/(healthz|livez|readyz|version\/?)$/;
const versionPath = /^\/version\/?$/;
const documentPath = /^\/(api|apis|openapi)(\/|$)/;

/**
 * What all callers may read, whatever the roles: health must be seen before there are any.
 * Source: bootstrappolicy/policy.go, system:public-info-viewer.
 */
export const isPublic = ({ isResource, path, verb }: RequestInfo): boolean =>
  !isResource && (verb === 'get' || verb === 'head') && publicPath.test(path);

/** Undefined when there is nothing at the path. */
export async function otherPath({ request, url, info }: ApiRequest, paths: OtherPaths): Promise<Response | undefined> {
  const response = await found(request, url, paths);
  if (response !== undefined && info.verb !== 'get' && info.verb !== 'head') throw methodNotAllowed();
  return response;
}

async function found(request: Request, url: URL, { version, documents }: OtherPaths): Promise<Response | undefined> {
  const path = url.pathname;
  if (healthPath.test(path)) return new Response('ok', { headers: { 'content-type': 'text/plain; charset=utf-8' } });
  if (versionPath.test(path)) return Response.json(version);
  if (!documentPath.test(path)) return undefined;
  const { discovery, openApi } = await documents();
  const openApiDocument = await openApi.fetch(request, url);
  if (openApiDocument !== undefined) return openApiDocument;
  const document = discovery.fetch(request, path);
  return document === undefined ? undefined : encodedFor(request, document);
}
