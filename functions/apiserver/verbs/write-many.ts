/**
 * Many writes of a worker in this process at once. Each is authorized, admitted and committed by itself, but what HTTP costs is paid
 * once: they are one request for flow control, and share an entry of the log.
 */
import type { ManyWrite, Refused } from '../../client/client.ts';
import { type JsonObject, type KubeObject, nameOf, namespaceOf, type ObjectName } from '../../kube/object.ts';
import { StatusError } from '../../kube/status-error.ts';
import type { FlowControl } from '../flow-control/flow-control.ts';
import { subresourceNotFound } from '../http/api-errors.ts';
import { deleteOptionsOf } from '../http/delete-options.ts';
import { writeOptionsOf } from '../http/request-options.ts';
import type { Connection, RequestInfo, User } from '../ports.ts';
import { decodeValue } from '../registry/decode.ts';
import { deleteObject } from '../registry/delete-object.ts';
import { mainStrategy, statusStrategy } from '../registry/update-strategies.ts';
import { expectedOf, type ResourceRequest, type Server } from '../server.ts';
import { createDecoded } from './create.ts';
import { naming } from './naming.ts';
import { patchObject } from './patch.ts';
import { postBody } from './subresource.ts';

export interface Writer {
  readonly user: User;
  readonly userAgent: string;
  readonly connection: Connection;
}

export interface WriteManyParts {
  readonly server: Server;
  readonly flowControl: FlowControl;
  authorize(request: ResourceRequest): Promise<void>;
}

/** Only this call holds the bodies: they may be changed. */
export async function writeMany(parts: WriteManyParts, writes: readonly ManyWrite[], writer: Writer): Promise<readonly Refused[]> {
  const { server, flowControl, authorize } = parts;
  const [first] = writes;
  if (first === undefined) return [];
  await server.fieldManagers.load?.();
  const request = new Request('https://kubernetes.default.svc', { method: 'POST', headers: { 'user-agent': writer.userAgent } });
  const url = new URL(request.url);
  const { user, connection } = writer;
  const turn = flowControl.turnOf(user, infoOf(first), connection.user !== undefined);
  try {
    await turn.begin(request.signal);
    // None is still under way when the turn ends, also after one has failed.
    const settled = await Promise.allSettled(
      writes.map((write) =>
        refusalOf(async () => {
          const kind = server.registry(server.store.view()).kind(write.type);
          if (kind === undefined) throw subresourceNotFound();
          await kind.definition.load?.();
          const notes = { warnings: new Set<string>(), annotations: new Map<string, string>(), named: () => undefined };
          const one: ResourceRequest = { ...kind, request, url, user, connection, info: infoOf(write), ...notes };
          await authorize(one);
          await naming(carryOut(server, one, write), server, one);
        }),
      ),
    );
    const failed = settled.find(({ status }) => status === 'rejected');
    if (failed?.status === 'rejected') throw failed.reason;
    return settled.map((one) => (one.status === 'fulfilled' ? one.value : undefined));
  } finally {
    turn.end();
  }
}

/** A body as JSON: without the fields that are undefined. */
const jsonOf = (body: unknown): JsonObject => JSON.parse(JSON.stringify(body)) as JsonObject;

async function carryOut(server: Server, request: ResourceRequest, write: ManyWrite): Promise<void> {
  switch (write.verb) {
    case 'create': {
      const { warnings } = request;
      const decoded = decodeValue(jsonOf(write.object), expectedOf(request), { fieldValidation: 'Ignore', warnings, isSent: true });
      await createDecoded(server, request, decoded);
      return;
    }
    case 'post': {
      const subresource = request.definition.subresources?.find(({ name }) => name === write.subresource);
      if (subresource?.kind !== 'object') throw subresourceNotFound();
      await postBody(server, request, subresource, {
        sent: write.body,
        options: writeOptionsOf(request.url.searchParams, 'CreateOptions'),
      });
      return;
    }
    case 'patch': {
      const strategy = write.subresource === 'status' ? statusStrategy : mainStrategy;
      await patchObject(server, request, strategy, { mediaType: write.patchType, value: jsonOf(write.patch), duplicates: [] });
      return;
    }
    case 'delete': {
      const options = deleteOptionsOf({ value: jsonOf(write.options), duplicates: [] }, request.url.searchParams);
      await deleteObject(server, request, write.at.name, options);
      return;
    }
    default:
      write satisfies never;
  }
}

function infoOf(write: ManyWrite): RequestInfo {
  const { group, version, resource, namespaced } = write.type;
  const { namespace, name } = placeOf(write);
  return {
    verb: write.verb === 'post' ? 'create' : write.verb,
    isResource: true,
    isNamespaced: namespaced,
    path: '',
    group,
    version,
    resource,
    subresource: 'subresource' in write ? write.subresource : '',
    namespace,
    name,
  };
}

const nameIn = (object: KubeObject): ObjectName => ({ namespace: namespaceOf(object), name: nameOf(object) });

function placeOf(write: ManyWrite): ObjectName {
  if (write.verb === 'post') return nameIn(write.body);
  // A creation names no object in its path.
  return write.verb === 'create' ? { namespace: namespaceOf(write.object), name: '' } : write.at;
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
