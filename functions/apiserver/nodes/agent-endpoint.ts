/** The paths that agents dial: see `node-protocol/node-poll.ts`. Who may is the authorizer's affair; here they have been let in. */
import { agentGroup } from '../../node-protocol/node-poll.ts';
import { StatusError } from '../../kube/status-error.ts';
import type { NodeTokens } from '../auth/node-tokens.ts';
import type { ApiRequest, Extension } from '../ports.ts';
import { answerChunk, type ChunkEndpointOptions } from '../relay/chunk-endpoint.ts';
import { answerRelay } from '../relay/relay-endpoint.ts';
import type { RelayHub } from '../relay/relay-hub.ts';
import type { MailEndpoint } from '../tunnel/mail-endpoint.ts';
import type { NodePoll } from './node-poll.ts';
import { readPollRequest } from './poll-request.ts';

export interface AgentEndpointOptions {
  readonly poll: NodePoll;
  readonly hub: RelayHub;
  /** Logs that go by mail. Without it there is nothing at that path. */
  readonly chunks?: ChunkEndpointOptions;
  /** Tunnels that go by mail. Without it there is nothing at their paths. */
  readonly mail?: MailEndpoint;
  /** Gives a node its credential. Without it there is nothing at that path. */
  readonly nodeTokens?: NodeTokens;
}

function requirePost({ method }: Request): void {
  if (method !== 'POST') throw new StatusError(405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource');
}

export function createAgentEndpoint({ poll, hub, chunks, mail, nodeTokens }: AgentEndpointOptions): Extension {
  return {
    prefix: `/apis/${agentGroup}/`,
    async fetch(call: ApiRequest): Promise<Response> {
      const { request, info } = call;
      if (info.resource === 'relays' && info.subresource === 'chunks' && chunks !== undefined) return answerChunk(chunks, call);
      if (['relays', 'tunnels'].includes(info.resource) && info.subresource === 'entries' && mail !== undefined) return mail.entries(call);
      if (info.resource === 'relays' && info.subresource === '' && info.name !== '') return answerRelay(hub, call);
      if (info.resource === 'nodes' && info.subresource === 'poll') {
        requirePost(request);
        return Response.json(await poll.poll(info.name, await readPollRequest(request), request.signal));
      }
      if (info.resource === 'nodes' && info.subresource === 'listen' && mail !== undefined) {
        requirePost(request);
        return mail.listen(call);
      }
      if (info.resource === 'nodes' && info.subresource === 'token' && nodeTokens !== undefined) {
        if (request.method === 'DELETE') {
          await nodeTokens.end(info.name);
          return Response.json({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success' });
        }
        requirePost(request);
        return Response.json(await nodeTokens.issue(info.name, call.user), { status: 201 });
      }
      throw new StatusError(404, 'NotFound', 'the server could not find the requested resource');
    },
  };
}
