/**
 * The CSI drivers of this node: each registers by its socket, and becomes known to the cluster in the node's CSINode.
 * Source: pkg/volume/csi/csi_plugin.go (RegistrationHandler), pkg/volume/csi/nodeinfomanager
 */
import type { Client } from '../../../functions/client/client.ts';
import type { CSINode, CSINodeDriver, Node } from '../../../functions/kube/generated/types.ts';
import { annotationsOf, nameOf, uidOf } from '../../../functions/kube/object.ts';
import { csiNodes, nodes } from '../../../functions/kube/resource-type.ts';
import { isAlreadyExists, isConflict, isNotFound } from '../../../functions/kube/status-error.ts';
import { csiNodeService } from '../../plugins/messages.ts';
import { openPlugin, type PluginClient } from '../../plugins/plugin-client.ts';
import type { Plugin, PluginKind } from '../../plugins/plugin-watcher.ts';

export interface CsiDriver {
  readonly client: Pick<PluginClient, 'call'>;
  has(capability: NodeCapability): boolean;
}

/** Numbers of csi.proto. */
export const nodeCapabilities = { stage: 1, expand: 3, singleNodeMultiWriter: 5, volumeMountGroup: 6 } as const;
export type NodeCapability = keyof typeof nodeCapabilities;

export interface CsiDrivers extends PluginKind {
  /** Throws Error for one that is not registered. */
  driver(name: string): CsiDriver;
}

interface Registered extends CsiDriver {
  readonly endpoint: string;
  close(): void;
}

interface NodeInfo {
  readonly nodeId: string;
  readonly maxVolumesPerNode: number;
  readonly accessibleTopology: { readonly segments: Readonly<Record<string, string>> } | null;
}

interface Capabilities {
  readonly capabilities: readonly { readonly rpc: { readonly type: number } | null }[];
}

export interface CsiDriversOptions {
  readonly client: Pick<Client, 'get' | 'create' | 'update' | 'patch'>;
  readonly nodeName: string;
}

const nodeIdAnnotation = 'csi.volume.kubernetes.io/nodeid';
const writeTries = 5;

export function createCsiDrivers({ client, nodeName }: CsiDriversOptions): CsiDrivers {
  const drivers = new Map<string, Registered>();
  const at = { namespace: '', name: nodeName };

  const forget = (name: string): void => {
    drivers.get(name)?.close();
    drivers.delete(name);
  };

  return {
    type: 'CSIPlugin',
    driver(name) {
      const found = drivers.get(name);
      if (found === undefined) throw new Error(`driver name ${name} not found in the list of registered CSI drivers`);
      return found;
    },
    async register(plugin) {
      checkVersions(plugin);
      const opened = openPlugin(plugin.endpoint, csiNodeService);
      try {
        const info = await opened.call<NodeInfo>('NodeGetInfo', {});
        const { capabilities } = await opened.call<Capabilities>('NodeGetCapabilities', {});
        const numbers = new Set(capabilities.map(({ rpc }) => rpc?.type));
        await noteOnNode(client, at, { driver: plugin.name, info });
        await changeCsiNode(client, at, (entries) => [...entries.filter(({ name }) => name !== plugin.name), entryOf(plugin.name, info)]);
        forget(plugin.name);
        const { endpoint } = plugin;
        const has = (capability: NodeCapability): boolean => numbers.has(nodeCapabilities[capability]);
        drivers.set(plugin.name, { client: opened, endpoint, has, close: () => opened.close() });
      } catch (error) {
        opened.close();
        throw error;
      }
    },
    async deregister(name) {
      forget(name);
      await changeCsiNode(client, at, (entries) => entries.filter((entry) => entry.name !== name));
      await noteOnNode(client, at, { driver: name, info: undefined });
    },
  };
}

function checkVersions({ name, versions }: Plugin): void {
  if (versions.some((version) => /^v?1(\.|$)/.test(version))) return;
  throw new Error(`failed to register CSI driver ${name}: it supports versions [${versions.join(' ')}], this node speaks v1`);
}

function entryOf(name: string, { nodeId, maxVolumesPerNode, accessibleTopology }: NodeInfo): CSINodeDriver {
  const topologyKeys = Object.keys(accessibleTopology?.segments ?? {}).toSorted();
  return {
    name,
    nodeID: nodeId,
    ...(topologyKeys.length === 0 ? {} : { topologyKeys }),
    ...(maxVolumesPerNode > 0 ? { allocatable: { count: maxVolumesPerNode } } : {}),
  };
}

type Api = CsiDriversOptions['client'];
type At = { readonly namespace: string; readonly name: string };

/** Where the driver sees the node, for its controller, and in which part of the topology, for the scheduler. */
async function noteOnNode(
  client: Api,
  at: At,
  { driver, info }: { readonly driver: string; readonly info: NodeInfo | undefined },
): Promise<void> {
  const node = await client.get<Node>(nodes, at);
  const ids = JSON.parse(annotationsOf(node)[nodeIdAnnotation] ?? '{}') as Record<string, string>;
  const { [driver]: _before, ...others } = ids;
  const next = info === undefined ? others : { ...others, [driver]: info.nodeId };
  const text = Object.keys(next).length === 0 ? null : JSON.stringify(next);
  const labels = info?.accessibleTopology?.segments ?? {};
  await client.patch(nodes, at, { metadata: { annotations: { [nodeIdAnnotation]: text }, labels } });
}

/** Others do not write it, but the same node may at the same time. */
async function changeCsiNode(client: Api, at: At, change: (drivers: readonly CSINodeDriver[]) => CSINodeDriver[]): Promise<void> {
  for (let tried = 1; ; tried += 1) {
    try {
      return await writeCsiNode(client, at, change);
    } catch (error) {
      const isLost = isConflict(error) || isAlreadyExists(error);
      if (!isLost || tried >= writeTries) throw error;
    }
  }
}

async function writeCsiNode(client: Api, at: At, change: (drivers: readonly CSINodeDriver[]) => CSINodeDriver[]): Promise<void> {
  let current: CSINode;
  try {
    current = await client.get<CSINode>(csiNodes, at);
  } catch (error) {
    if (!isNotFound(error)) throw error;
    const node = await client.get<Node>(nodes, at);
    const owner = { apiVersion: 'v1', kind: 'Node', name: nameOf(node), uid: uidOf(node) };
    await client.create(csiNodes, { metadata: { name: at.name, ownerReferences: [owner] }, spec: { drivers: change([]) } });
    return;
  }
  await client.update(csiNodes, { ...current, spec: { ...current.spec, drivers: change(current.spec.drivers ?? []) } });
}
