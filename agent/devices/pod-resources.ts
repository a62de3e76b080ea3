/**
 * Which devices each pod holds, for programs of the node that monitor or place by them: the kubelet's pod-resources socket. CPUs and
 * memory are given to no container alone, so there are none. Source: pkg/kubelet/apis/podresources/server_v1.go
 */
import { join } from 'node:path';
import type { Pod } from '../../functions/kube/generated/types.ts';
import { nameOf, namespaceOf } from '../../functions/kube/object.ts';
import { podResourcesService } from '../plugins/messages.ts';
import { servePlugins } from '../plugins/plugin-server.ts';
import { isSidecar, isTerminalPhase, specOf } from '../pods/pod-facts.ts';
import type { Devices, ResourceDevice } from './device-plugins.ts';

export interface PodResourcesOptions {
  readonly directory: string;
  readonly pods: () => readonly Pod[];
  readonly devices: Pick<Devices, 'held' | 'healthy'>;
}

interface GetRequest {
  readonly pod_name: string;
  readonly pod_namespace: string;
}

const socketName = 'kubelet.sock';

const deviceMessage = ({ resource, device: { id, numaNodes } }: ResourceDevice): object => ({
  resource_name: resource,
  device_ids: [id],
  ...(numaNodes === undefined ? {} : { topology: { nodes: numaNodes.map((ID) => ({ ID })) } }),
});

/** Init containers that end hold nothing for long: they are left out. */
export function podResources(pod: Pod, devices: Pick<Devices, 'held'>): object {
  const { initContainers = [], containers } = specOf(pod);
  return {
    name: nameOf(pod),
    namespace: namespaceOf(pod),
    containers: [...initContainers.filter(isSidecar), ...containers].map(({ name }) => ({
      name,
      devices: devices.held(pod, name).map(deviceMessage),
    })),
  };
}

/** Serves the socket until the signal aborts. */
export async function servePodResources({ directory, pods, devices }: PodResourcesOptions, signal: AbortSignal): Promise<void> {
  const server = await servePlugins<GetRequest>(join(directory, socketName), podResourcesService, {
    List: async () => ({
      pod_resources: pods()
        .filter(({ status }) => !isTerminalPhase(status?.phase))
        .map((pod) => podResources(pod, devices)),
    }),
    GetAllocatableResources: async () => ({ devices: devices.healthy().map(deviceMessage) }),
    Get: async ({ pod_name: name, pod_namespace: namespace }) => {
      const pod = pods().find((one) => nameOf(one) === name && namespaceOf(one) === namespace);
      if (pod === undefined) throw new Error(`pod ${name} in namespace ${namespace} not found`);
      return { pod_resources: podResources(pod, devices) };
    },
  });
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
  server.close();
}
