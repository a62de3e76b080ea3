/** A connection to the containers' runtime in which the client's handshake has been written: what the runtime answers is read from it. */
import type { Duplex } from 'node:stream';
import type { ContainerRelay } from '../../functions/node-protocol/node-poll.ts';
import { answeredPings } from './answered-pings.ts';
import { replayedRequest } from './replayed-request.ts';
import { dial } from '../../functions/tunnel/dial.ts';

/** Throws a StatusError when there is no connection to be had. */
export async function connectRuntime(
  request: Pick<ContainerRelay, 'method' | 'headers' | 'query' | 'subresource'>,
  url: URL,
  signal: AbortSignal,
): Promise<Duplex> {
  const server = await dial(url.hostname, Number(url.port), signal);
  server.on('error', () => server.destroy());
  server.write(replayedRequest(request, url));
  return answeredPings(server, request.headers.find(([name]) => name.toLowerCase() === 'upgrade')?.[1]);
}
