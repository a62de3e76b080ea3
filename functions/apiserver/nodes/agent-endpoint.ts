/** The paths that agents dial: see `kube/node-poll.ts`. Who may is the authorizer's affair; here they have been let in. */
import type { NodePollRequest } from '../../kube/node-poll.ts';
import { agentGroup } from '../../kube/node-poll.ts';
import { StatusError, badRequest } from '../../kube/status-error.ts';
import type { ApiRequest, Extension } from '../ports.ts';
import { answerRelay } from '../relay/relay-endpoint.ts';
import type { RelayHub } from '../relay/relay-hub.ts';
import type { NodePoll } from './node-poll.ts';

export interface AgentEndpointOptions {
  readonly poll: NodePoll;
  readonly hub: RelayHub;
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null && !Array.isArray(value);

async function pollRequest(request: Request): Promise<NodePollRequest> {
  const text = await request.text();
  try {
    const body: unknown = JSON.parse(text);
    if (!isObject(body)) throw badRequest('the body of a node poll must be an object');
    return { waitSeconds: 0, ...body };
  } catch (error) {
    if (error instanceof SyntaxError) throw badRequest(`the body of a node poll cannot be read: ${error.message}`);
    throw error;
  }
}

export function createAgentEndpoint({ poll, hub }: AgentEndpointOptions): Extension {
  return {
    prefix: `/apis/${agentGroup}/`,
    async fetch(call: ApiRequest): Promise<Response> {
      const { request, info } = call;
      if (info.resource === 'relays' && info.name !== '') return answerRelay(hub, call);
      if (info.resource === 'nodes' && info.subresource === 'poll') {
        if (request.method !== 'POST')
          throw new StatusError(405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource');
        return Response.json(await poll.poll(info.name, await pollRequest(request), request.signal));
      }
      throw new StatusError(404, 'NotFound', 'the server could not find the requested resource');
    },
  };
}
