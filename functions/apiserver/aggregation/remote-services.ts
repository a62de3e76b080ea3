/** The APIServices that another server answers for. */
import { conditionOf } from '../../kube/conditions.ts';
import { derived } from '../../kube/derived.ts';
import type { APIService, ApiregistrationServiceReference } from '../../kube/generated/types.ts';
import { apiServices, groupResource } from '../../kube/resource-type.ts';
import type { StoreView } from '../../kube/view.ts';
import { readable } from '../../kube/unreadable-object.ts';
import type { TunnelTls } from '../tunnel/http-over-tunnel.ts';

export interface RemoteService {
  /** `v1alpha1.wardle.example.com` */
  readonly name: string;
  readonly group: string;
  readonly version: string;
  readonly groupPriority: number;
  readonly versionPriority: number;
  readonly service: { readonly namespace: string; readonly name: string; readonly port: number };
  readonly isAvailable: boolean;
  readonly object: APIService;
}

const defaultPort = 443;

function remoteOf(object: APIService): RemoteService | undefined {
  const { spec, status, metadata } = object;
  if (spec?.service === undefined || spec.group === undefined || spec.group === '') return undefined;
  const { namespace = '', name = '', port = defaultPort }: ApiregistrationServiceReference = spec.service;
  return {
    name: metadata?.name ?? '',
    group: spec.group,
    version: spec.version ?? '',
    groupPriority: spec.groupPriorityMinimum,
    versionPriority: spec.versionPriority,
    service: { namespace, name, port },
    isAvailable: conditionOf(status?.conditions, 'Available')?.status === 'True',
    object,
  };
}

/** The same list as long as no APIService changes. */
export const remoteServices: () => (view: StoreView) => readonly RemoteService[] = () =>
  derived([groupResource(apiServices)], (view) =>
    readable(view.list(groupResource(apiServices))).flatMap(({ object }) => remoteOf(object as APIService) ?? []),
  );

/** The server that a request's path concerns, by the group and version of a resource or of an OpenAPI document. */
export function remoteAt(services: readonly RemoteService[], path: string): RemoteService | undefined {
  if (services.length === 0) return undefined;
  const [, group, version] = /^\/(?:openapi\/v3\/)?apis\/([^/]+)\/([^/]+)/.exec(path) ?? [];
  return services.find((one) => one.group === group && one.version === version);
}

/** Which certificates are believed, and which one is shown. */
export function tlsOf({ service, object }: RemoteService, shown: { certificatePem: string; keyPem: string } | undefined): TunnelTls {
  const { insecureSkipTLSVerify = false, caBundle = '' } = object.spec ?? {};
  return {
    ...(insecureSkipTLSVerify ? {} : { serverName: `${service.name}.${service.namespace}.svc` }),
    ...(caBundle === '' ? {} : { authority: Buffer.from(caBundle, 'base64').toString() }),
    ...(shown === undefined ? {} : { certificatePem: shown.certificatePem, keyPem: shown.keyPem }),
  };
}
