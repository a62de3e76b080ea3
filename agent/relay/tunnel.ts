/**
 * What a tunnel leads to: a port that the node reaches, or what the node itself answers. And its end on a node that dials
 * back: the agent connects to the port first, so that a refusal reaches the caller as such.
 */
import type { Duplex } from 'node:stream';
import { duplexPair } from 'node:stream';
import { relayStatusHeader, type TunnelRelay, type TunnelTarget } from '../../functions/node-protocol/node-poll.ts';
import { StatusError } from '../../functions/kube/status-error.ts';
import { dial, unreachable } from '../../functions/tunnel/dial.ts';
import type { Log } from '../../functions/world.ts';
import type { Transport } from '../transport.ts';
import type { NodeServer } from './node-server.ts';
import { splice } from './splice.ts';

export interface TargetOptions {
  readonly nodeServer: NodeServer;
  /** Refuses every port: of nodes without containers. */
  readonly hasNoPorts?: boolean;
  /** Aborts when the open tunnel is to end. */
  readonly signal: AbortSignal;
}

/** Throws a StatusError when there is no connection to be had. */
export type Reach = (target: TunnelTarget) => Promise<Duplex>;

export interface TunnelOptions {
  readonly transport: Pick<Transport, 'openStream' | 'openConnection'>;
  readonly reach: Reach;
  readonly log: Log;
}

const openMax = 1_000;

export function createReach({ nodeServer, hasNoPorts = false, signal }: TargetOptions): Reach {
  let open = 0;

  async function reached(target: TunnelTarget): Promise<Duplex> {
    if (target.to === 'port') {
      if (hasNoPorts) throw unreachable(target.host, target.port, 'ECONNREFUSED');
      return dial(target.host, target.port, signal);
    }
    const [near, far] = duplexPair();
    nodeServer.serve(far);
    return near;
  }

  return async (target) => {
    if (open >= openMax) throw new StatusError(503, 'ServiceUnavailable', `the node carries ${openMax} tunnels, which is all it can`);
    open += 1;
    try {
      const server = await reached(target);
      server.on('error', () => server.destroy());
      server.once('close', () => (open -= 1));
      return server;
    } catch (error) {
      open -= 1;
      throw error;
    }
  };
}

export function createTunnels({ transport, reach, log }: TunnelOptions): (request: TunnelRelay) => Promise<void> {
  return async ({ id, target }) => {
    let server: Duplex;
    try {
      server = await reach(target);
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      const headers = { [relayStatusHeader]: String(error.code), 'content-type': 'application/json' };
      const upload = transport.openStream(id, headers);
      upload.on('error', (cause) => log.warn('a refusal did not arrive', { relay: id, error: cause.message }));
      upload.on('response', (response) => response.resume());
      upload.end(JSON.stringify(error.toStatus()));
      return;
    }
    try {
      const { socket, head } = await transport.openConnection(id);
      socket.on('error', () => socket.destroy());
      if (head.length > 0) server.write(head);
      await splice(socket, server);
    } finally {
      server.destroy();
    }
  };
}
