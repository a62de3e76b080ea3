/**
 * Where clients that want to talk to a container meet the agents that can. Agents only ever dial out. A client's request
 * is kept here until the node's next poll hands it out. The agent then dials back with its id.
 *
 *   client ── log, exec ──▶ ask ─┐                      ┌─ answer ◀── POST/GET relays/{id} ── agent
 *                                └─▶ pending ── poll ──▶┘
 */
import type { Duplex } from 'node:stream';
import type { ContainerRelay, TunnelledRequest, TunnelRelay } from '../../node-protocol/node-poll.ts';
import { StatusError } from '../../kube/status-error.ts';
import type { Cancel, World } from '../../world.ts';

/** A stream of bytes from the agent, or the Status with the reason why there is none. */
export interface AgentStream {
  readonly transport: 'stream';
  readonly request: Request;
  /** Nothing more is read: the agent gets its answer. */
  finish(): void;
}

export interface AgentConnection {
  readonly transport: 'upgrade';
  take(): { readonly socket: Duplex; readonly head: Uint8Array };
}

export type AgentSide = AgentStream | AgentConnection;

export type RelayRequest = Omit<ContainerRelay, 'id'> | Omit<TunnelRelay, 'id'>;

export interface RelayHub {
  /** Waits for the agent to dial back. Throws a StatusError when it does not, or when too many wait already. */
  ask(nodeName: string, relayRequest: RelayRequest, signal: AbortSignal): Promise<AgentSide>;
  /** All that the node's agent has not fetched. Asking counts as handing out. */
  pending(nodeName: string): readonly TunnelledRequest[];
  hasPending(nodeName: string): boolean;
  /** True: the agent should learn of it at once; false: it has learned of it a moment ago. */
  isUrgent(nodeName: string): boolean;
  /** Calls back when a client asks for a connection to a node. Returns the un-subscription. */
  onAsked(listener: (nodeName: string) => void): () => void;
  /** The agent has dialled back. False: no client waits for this id on this node (any more), or not in this way. */
  answer(id: string, nodeName: string, side: AgentSide): boolean;
}

interface Pending {
  readonly nodeName: string;
  readonly request: TunnelledRequest;
  offeredMs: number | undefined;
  readonly settle: (outcome: AgentSide | Error) => void;
}

const fetchTimeoutMs = 10_000;
/** An answer may get lost: announce it to the agent again after this time. */
const repeatMs = 2_000;
const waitingPerNodeMax = 200;

const tooMany = (nodeName: string): StatusError =>
  new StatusError(429, 'TooManyRequests', `too many connections wait for node "${nodeName}", please try again later`, {
    details: { retryAfterSeconds: 1 },
  });

const timedOut = (nodeName: string): StatusError =>
  new StatusError(504, 'Timeout', `Timeout: the agent of node "${nodeName}" did not answer within ${fetchTimeoutMs / 1000} seconds`);

export function createRelayHub({ clock, random }: Pick<World, 'clock' | 'random'>): RelayHub {
  const waiting = new Map<string, Pending>();
  const listeners = new Set<(nodeName: string) => void>();
  const ofNode = (nodeName: string): Pending[] => [...waiting.values()].filter((pending) => pending.nodeName === nodeName);

  function ask(nodeName: string, relayRequest: RelayRequest, signal: AbortSignal): Promise<AgentSide> {
    if (ofNode(nodeName).length >= waitingPerNodeMax) return Promise.reject(tooMany(nodeName));
    const id = random.uuid();
    return new Promise((resolve, reject) => {
      let cancel: Cancel = () => undefined;
      const settle = (outcome: AgentSide | Error): void => {
        waiting.delete(id);
        cancel();
        signal.removeEventListener('abort', leave);
        if (outcome instanceof Error) reject(outcome);
        else resolve(outcome);
      };
      const leave = (): void => settle(new StatusError(499, 'Timeout', 'the client went away'));
      if (signal.aborted) return leave();
      cancel = clock.after(fetchTimeoutMs, () => settle(timedOut(nodeName)));
      signal.addEventListener('abort', leave, { once: true });
      waiting.set(id, { nodeName, request: { id, ...relayRequest }, offeredMs: undefined, settle });
      for (const listener of listeners) listener(nodeName);
    });
  }

  return {
    ask,
    pending(nodeName) {
      const own = ofNode(nodeName);
      for (const pending of own) pending.offeredMs = clock.monotonicMs();
      return own.map(({ request }) => request);
    },
    hasPending: (nodeName) => ofNode(nodeName).length > 0,
    isUrgent: (nodeName) =>
      ofNode(nodeName).some(({ offeredMs }) => offeredMs === undefined || clock.monotonicMs() - offeredMs >= repeatMs),
    onAsked(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    answer(id, nodeName, side) {
      const pending = waiting.get(id);
      if (pending?.nodeName !== nodeName || !mayAnswer(side, pending.request)) return false;
      pending.settle(side);
      return true;
    },
  };
}

/** A tunnel is a connection, or a stream that carries why there is none. */
const mayAnswer = (side: AgentSide, { transport }: TunnelledRequest): boolean => transport === 'tunnel' || transport === side.transport;
