/**
 * One stream of bytes, in order and in both directions, from the apiserver to a port that a node reaches. Or to what the
 * node answers itself. The node's agent dials back and carries it; a kubelet is dialled. The sockets' own flow control is the stream's; ending
 * one direction leaves the other open; destroying the stream ends both.
 */
import type { Duplex } from 'node:stream';
import type { TunnelTarget } from '../../node-protocol/node-poll.ts';
import type { Status } from '../../kube/generated/types.ts';
import { StatusError } from '../../kube/status-error.ts';
import type { AgentStream, RelayHub } from '../relay/relay-hub.ts';

export interface TunnelEnd {
  readonly nodeName: string;
  readonly target: TunnelTarget;
}

export interface Tunnels {
  /** Throws a StatusError when the node does not answer or cannot connect. */
  open(end: TunnelEnd, signal: AbortSignal): Promise<Duplex>;
}

export const tunnelsOpenMax = 4_000;
export const tooManyTunnels = new StatusError(
  503,
  'ServiceUnavailable',
  `${tunnelsOpenMax} tunnels are open, which is all this server carries`,
);
const refusalBytesMax = 1 << 16;

async function refusalOf({ request, finish }: AgentStream): Promise<StatusError> {
  const text = (await request.text()).slice(0, refusalBytesMax);
  finish();
  try {
    return StatusError.fromStatus(JSON.parse(text) as Status);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return new StatusError(503, 'ServiceUnavailable', 'the node refused the tunnel');
  }
}

/** Nodes that the API dials instead. */
export interface DialledNodes extends Tunnels {
  run(nodeName: string): boolean;
}

async function dialledBack(hub: RelayHub, { nodeName, target }: TunnelEnd, signal: AbortSignal): Promise<Duplex> {
  const side = await hub.ask(nodeName, { transport: 'tunnel', target }, signal);
  if (side.transport === 'stream') throw await refusalOf(side);
  const { socket, head } = side.take();
  if (head.length > 0) socket.unshift(head);
  return socket;
}

export function createTunnels(hub: RelayHub, dialledNodes?: DialledNodes): Tunnels {
  let open = 0;
  return {
    async open(end, signal) {
      if (open >= tunnelsOpenMax) throw tooManyTunnels;
      open += 1;
      try {
        const isDialled = dialledNodes?.run(end.nodeName) === true;
        const socket = await (isDialled ? dialledNodes.open(end, signal) : dialledBack(hub, end, signal));
        open += 1;
        socket.once('close', () => (open -= 1));
        // Its reader gets the error; without one, nothing depends on the stream any more.
        socket.on('error', () => socket.destroy());
        return socket;
      } finally {
        open -= 1;
      }
    },
  };
}
