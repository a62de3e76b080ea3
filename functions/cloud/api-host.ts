/**
 * The API as hosts in a cloud serve it: opened by the first request, following the log while answers last, with its
 * doorbells rung. Hosts that cannot give sockets away refuse by path what would need one.
 */
import { StatusError } from '../kube/status-error.ts';
import { bodyWithEnd } from '../apiserver/http/body-with-end.ts';
import type { Connection } from '../apiserver/ports.ts';
import { openControlPlane } from './control-plane.ts';
import { createFollower, type Follower } from './follower.ts';
import { openTable } from './open-table.ts';
import type { Rooted } from './start-function.ts';
import type { Api } from '../api.ts';
import { relayOf } from './bounded-request.ts';

export interface ApiHostOptions {
  /** What of the relay works here: a stream needs client and agent in one process, an upgrade their sockets too. */
  readonly relays: readonly ('stream' | 'upgrade')[];
  readonly pollHoldSecondsMax: number;
}

export interface ApiHost {
  fetch(request: Request, connection: Connection): Promise<Response>;
}

interface Opened {
  readonly api: Api;
  readonly follower: Follower;
}

const notCarried = {
  upgrade: new StatusError(
    501,
    'NotImplemented',
    'exec, attach, cp and port-forward need a connection that functions cannot carry: use kubectl logs, or go to the node (infra/runbook.md, "exec on AWS")',
  ),
  stream: new StatusError(
    501,
    'NotImplemented',
    'logs need the client and the node’s agent in one process, which a Function URL never has: deploy the API as a Web Function, or read the logs on the node',
  ),
};

export function createApiHost(rooted: Rooted, { relays, pollHoldSecondsMax }: ApiHostOptions): ApiHost {
  const { settings, world, doorbell } = rooted;
  let opening: Promise<Opened> | undefined;

  async function open(): Promise<Opened> {
    const { api, store } = await openControlPlane({ settings, table: openTable(settings, world), doorbell, world, pollHoldSecondsMax });
    return { api, follower: createFollower(store, world) };
  }
  async function opened(): Promise<Opened> {
    opening ??= open();
    try {
      return await opening;
    } catch (error) {
      opening = undefined;
      throw error;
    }
  }

  return {
    async fetch(request, connection) {
      const relay = relayOf(new URL(request.url).pathname);
      if (relay !== undefined && !relays.includes(relay)) return statusResponse(notCarried[relay]);
      try {
        const { api, follower } = await opened();
        return await followed(follower, () => api.fetch(request, connection));
      } catch (error) {
        world.log.error('the API cannot be opened', { error });
        return statusResponse(new StatusError(503, 'ServiceUnavailable', 'the API cannot reach its table; try again in a moment'));
      }
    },
  };
}

const statusResponse = (error: StatusError): Response => Response.json(error.toStatus(), { status: error.code });

/** Holds the follower until the body has been read to its end, or left. */
async function followed(follower: Follower, answer: () => Promise<Response>): Promise<Response> {
  const release = follower.hold();
  try {
    const response = await answer();
    if (response.body === null) {
      release();
      return response;
    }
    return new Response(bodyWithEnd(response.body, release), response);
  } catch (error) {
    release();
    throw error;
  }
}
