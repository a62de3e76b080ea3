/** Puts the agents' side of the apiserver together: the poll, and the relay of logs and connections. */
import type { Client } from '../../client/client.ts';
import type { Store } from '../../store/store.ts';
import type { World } from '../../world.ts';
import type { Connector, Extension } from '../ports.ts';
import { createConnector } from '../relay/connector.ts';
import { createRelayHub } from '../relay/relay-hub.ts';
import { createAgentEndpoint } from './agent-endpoint.ts';
import { createNodePoll } from './node-poll.ts';
import { createNodeReports } from './node-reports.ts';
import type { PodsOfNode } from './pods-of-node.ts';

export interface NodeServicesOptions {
  readonly store: Store;
  readonly world: World;
  readonly podsOfNode: PodsOfNode;
  /** Writes what agents report, through the same apiserver, as a user who may. */
  readonly client: Client;
  /** How long this host can hold a poll without paying for it; 0: not at all. Default: 30. */
  readonly holdSecondsMax?: number;
}

export interface NodeServices {
  readonly connector: Connector;
  readonly extension: Extension;
}

export function createNodeServices({ store, world, podsOfNode, client, holdSecondsMax }: NodeServicesOptions): NodeServices {
  const { clock, log } = world;
  const view = store.view.bind(store);
  const hub = createRelayHub(world);
  const reports = createNodeReports({ view, client, clock, log });
  const poll = createNodePoll({ store, podsOfNode, reports, hub, clock, holdSecondsMax });
  return { connector: createConnector({ hub, view, clock }), extension: createAgentEndpoint({ poll, hub }) };
}
