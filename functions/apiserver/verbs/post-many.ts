/**
 * POSTs of a worker in this process to a subresource of many objects. Each is authorized, admitted and committed by itself, but what
 * HTTP costs is paid once: they are one request for flow control, and share an entry of the log.
 */
import type { Refused } from '../../client/client.ts';
import { type KubeObject, nameOf, namespaceOf } from '../../kube/object.ts';
import type { ResourceType } from '../../kube/resource-type.ts';
import { StatusError } from '../../kube/status-error.ts';
import type { FlowControl } from '../flow-control/flow-control.ts';
import { subresourceNotFound } from '../http/api-errors.ts';
import { writeOptionsOf } from '../http/request-options.ts';
import type { Connection, RequestInfo, User } from '../ports.ts';
import type { ResourceRequest, Server } from '../server.ts';
import { postBody } from './subresource.ts';

export interface Posts {
  readonly type: ResourceType;
  readonly subresource: string;
  /** Only this call holds the bodies: they may be changed. */
  readonly bodies: readonly KubeObject[];
}

export interface Poster {
  readonly user: User;
  readonly userAgent: string;
  readonly connection: Connection;
}

export interface PostManyParts {
  readonly server: Server;
  readonly flowControl: FlowControl;
  authorize(request: ResourceRequest): Promise<void>;
}

export async function postMany(
  parts: PostManyParts,
  { type, subresource: name, bodies }: Posts,
  poster: Poster,
): Promise<readonly Refused[]> {
  const { server, flowControl, authorize } = parts;
  const kind = server.registry(server.store.view()).kind(type);
  const subresource = kind?.definition.subresources?.find((one) => one.name === name);
  if (kind === undefined || subresource?.kind !== 'object') throw subresourceNotFound();
  await kind.definition.load?.();
  await server.fieldManagers.load?.();
  const request = new Request('https://kubernetes.default.svc', { method: 'POST', headers: { 'user-agent': poster.userAgent } });
  const url = new URL(request.url);
  const options = writeOptionsOf(url.searchParams, 'CreateOptions');
  const { user, connection } = poster;
  const requests = bodies.map((sent): { readonly post: ResourceRequest; readonly sent: KubeObject } => ({
    post: {
      ...kind,
      request,
      url,
      user,
      connection,
      info: infoOf(type, sent, name),
      warnings: new Set(),
      annotations: new Map(),
      named: () => undefined,
    },
    sent,
  }));
  const [first] = requests;
  if (first === undefined) return [];
  const turn = flowControl.turnOf(user, first.post.info);
  try {
    await turn.begin(request.signal);
    return await Promise.all(
      requests.map(({ post, sent }) =>
        refusalOf(async () => {
          await authorize(post);
          await postBody(server, post, subresource, { sent, options });
        }),
      ),
    );
  } finally {
    turn.end();
  }
}

function infoOf(type: ResourceType, body: KubeObject, subresource: string): RequestInfo {
  const { group, version, resource } = type;
  return {
    verb: 'create',
    isResource: true,
    isNamespaced: type.namespaced,
    path: '',
    group,
    version,
    resource,
    subresource,
    namespace: namespaceOf(body),
    name: nameOf(body),
  };
}

async function refusalOf(work: () => Promise<void>): Promise<Refused> {
  try {
    await work();
    return undefined;
  } catch (error) {
    if (error instanceof StatusError) return error;
    throw error;
  }
}
