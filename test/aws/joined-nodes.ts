/** The nodes of the cluster in the emulated account: machines with containerd where this machine can run them, or one that pretends. */
import { reasonToSkipContainers } from '../support/real-nodes.ts';

export interface JoinOptions {
  readonly server: string;
  /** The token that `hibernetes token create` printed. */
  readonly token: string;
  readonly directory: string;
  readonly environment: Readonly<Record<string, string>>;
}

export interface JoinedNodes {
  readonly names: readonly string[];
  /** The lines that the agents wrote. */
  log(): string;
  stop(): Promise<void>;
}

/** Otherwise containers are pretended. */
export const hasContainers = (await reasonToSkipContainers()) === false;

export async function joinNodes(options: JoinOptions): Promise<JoinedNodes> {
  if (hasContainers) return (await import('./real-nodes.ts')).joinRealNodes(['node-1', 'node-2'], options);
  return (await import('./simulated-node.ts')).joinSimulatedNode('node-1', options);
}
