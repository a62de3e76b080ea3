/** Nodes that only pretend: the real agent on a runtime in memory, many in this process. They speak to the API over HTTPS as real ones do. */
import { join } from 'node:path';
import type { AgentConfig } from '../../agent/config.ts';
import { createSimulatedAgent } from '../../agent/node-agent.ts';
import { createTransport } from '../../agent/transport.ts';
import { createEventRecorder } from '../../functions/client/create-event-recorder.ts';
import { createHttpClient } from '../../functions/client/http-client.ts';
import type { NodeNetworks } from '../../functions/kube/cluster-networks.ts';
import type { World } from '../../functions/world.ts';
import type { ControlPlane } from './control-plane.ts';
import { writePrivately } from './data-directory.ts';

export interface SimulatedNodesOptions {
  readonly controlPlane: Pick<ControlPlane, 'port' | 'nodeToken'>;
  /** The path of the cluster, where several share the control plane: `/clusters/blue`. */
  readonly path?: string;
  readonly names: readonly string[];
  readonly caFile: string;
  /** For tokens and whatever an agent keeps. */
  readonly rootDirectory: string;
  readonly networks: NodeNetworks;
  readonly world: World;
}

export interface SimulatedNodes {
  stop(): Promise<void>;
}

/** Addresses out of the range for benchmarks, in which no host answers. Source: RFC 2544. */
const addressOf = (index: number): string => `198.18.${Math.floor(index / 250)}.${(index % 250) + 1}`;

async function runAgent(config: AgentConfig, world: World, signal: AbortSignal): Promise<void> {
  const transport = createTransport(config);
  const client = createHttpClient({ fetch: transport.fetch, baseUrl: config.server, userAgent: 'kubelet' });
  const events = createEventRecorder({ client, world, component: 'kubelet', host: config.nodeName });
  const agent = await createSimulatedAgent({ config, world, client, events, transport, signal });
  try {
    await agent.run(signal);
  } finally {
    transport.close();
  }
}

export async function startSimulatedNodes(options: SimulatedNodesOptions): Promise<SimulatedNodes> {
  const { controlPlane, path = '', names, rootDirectory, world } = options;
  const ending = new AbortController();
  const running: Promise<void>[] = [];
  for (const [index, nodeName] of names.entries()) {
    const directory = join(rootDirectory, nodeName);
    const config: AgentConfig = {
      nodeName,
      server: `https://127.0.0.1:${controlPlane.port}${path}`,
      caFile: options.caFile,
      tokenFile: join(directory, 'token'),
      runtime: 'simulated',
      rootDirectory: directory,
      nodeIp: addressOf(index),
      ...options.networks,
    };
    writePrivately(config.tokenFile, await controlPlane.nodeToken(nodeName));
    const own = { ...world, log: world.log.with({ node: nodeName }) };
    running.push(
      runAgent(config, own, ending.signal).catch((error: unknown) => {
        if (!ending.signal.aborted) own.log.error('a simulated node ended', { error });
      }),
    );
  }
  return {
    async stop() {
      ending.abort(new Error('the cluster stops'));
      await Promise.all(running);
    },
  };
}
