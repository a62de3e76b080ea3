/** Every kind that this cluster serves. The only file that names them all, in the order in which discovery lists them. */
import { deploymentDefinition } from './apps/deployment/definition.ts';
import { configMapDefinition } from './core/configmap/definition.ts';
import { namespaceDefinition } from './core/namespace/definition.ts';
import { podDefinition } from './core/pod/definition.ts';
import type { AnyDefinition } from './definition.ts';

/** Ranges that addresses and ports are given out from. IPv4. */
export interface ClusterRanges {
  /** Of Services. */
  readonly serviceRange: string;
  /** Of Services, on every node: `30000-32767`. */
  readonly nodePortRange: string;
  /** Of all pods together. */
  readonly podRange: string;
  /** Length of the prefix that each node gets out of `podRange`. */
  readonly nodePodPrefix: number;
}

export const defaultRanges: ClusterRanges = {
  serviceRange: '10.96.0.0/12',
  nodePortRange: '30000-32767',
  podRange: '10.244.0.0/16',
  nodePodPrefix: 24,
};

export function createDefinitions(_ranges: Partial<ClusterRanges> = {}): readonly AnyDefinition[] {
  return [configMapDefinition, namespaceDefinition, podDefinition, deploymentDefinition];
}
