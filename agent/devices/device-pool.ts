/**
 * Which devices the node has, and which container has which. A resource whose plug-in went keeps its count for a while, with
 * none that is healthy. Source: pkg/kubelet/cm/devicemanager/manager.go
 */
import type { Container, Pod } from '../../functions/kube/generated/types.ts';
import { uidOf } from '../../functions/kube/object.ts';
import { quantityValue } from '../../functions/kube/quantity.ts';
import { isSidecar, isTerminalPhase, specOf } from '../pods/pod-facts.ts';

/** What a container gets with its devices. */
export interface DeviceGrant {
  readonly env: Readonly<Record<string, string>>;
  readonly mounts: readonly { readonly containerPath: string; readonly hostPath: string; readonly readOnly: boolean }[];
  readonly devices: readonly DeviceSpec[];
  readonly annotations: Readonly<Record<string, string>>;
  readonly cdiDevices: readonly string[];
}

export interface DeviceSpec {
  readonly containerPath: string;
  readonly hostPath: string;
  readonly permissions: string;
}

export interface Device {
  readonly id: string;
  readonly isHealthy: boolean;
  /** Numbers of the NUMA nodes that it is near to, where its plug-in knows. */
  readonly numaNodes?: readonly number[];
}

export interface Allocation {
  readonly podUid: string;
  readonly container: string;
  readonly resource: string;
  readonly ids: readonly string[];
  readonly grant: DeviceGrant;
}

export class DeviceError extends Error {
  override name = 'DeviceError';
}

interface Resource {
  readonly devices: readonly Device[];
  /** Since when no plug-in speaks for it. */
  readonly goneAtMs: number | undefined;
}

export interface Counts {
  readonly capacity: Readonly<Record<string, string>>;
  readonly allocatable: Readonly<Record<string, string>>;
}

/** How long a plug-in may be away before its resource is gone. */
const graceMs = 5 * 60_000;

export class DevicePool {
  readonly #resources = new Map<string, Resource>();
  #allocations: readonly Allocation[];

  constructor(allocations: readonly Allocation[]) {
    this.#allocations = allocations;
  }

  has(resource: string): boolean {
    return this.#resources.has(resource);
  }

  setDevices(resource: string, devices: readonly Device[]): void {
    this.#resources.set(resource, { devices, goneAtMs: undefined });
  }

  setGone(resource: string, nowMs: number): void {
    const devices = (this.#resources.get(resource)?.devices ?? []).map((device) => ({ ...device, isHealthy: false }));
    this.#resources.set(resource, { devices, goneAtMs: nowMs });
  }

  counts(nowMs: number): Counts {
    const shown = [...this.#resources].filter(([, { goneAtMs }]) => goneAtMs === undefined || nowMs - goneAtMs < graceMs);
    return {
      capacity: Object.fromEntries(shown.map(([name, { devices }]) => [name, String(devices.length)])),
      allocatable: Object.fromEntries(
        shown.map(([name, { devices }]) => [name, String(devices.filter(({ isHealthy }) => isHealthy).length)]),
      ),
    };
  }

  devicesOf(resource: string): readonly Device[] {
    return this.#resources.get(resource)?.devices ?? [];
  }

  resources(): readonly string[] {
    return [...this.#resources.keys()];
  }

  /** What the container asks of this node's plug-ins. */
  wanted({ resources }: Container): readonly (readonly [resource: string, count: number])[] {
    return Object.entries(resources?.limits ?? {}).flatMap(([name, amount]) => {
      const count = this.has(name) ? quantityValue(amount) : 0;
      return count > 0 ? [[name, count] as const] : [];
    });
  }

  allocationOf(pod: Pod, container: string, resource: string): Allocation | undefined {
    return this.#allocations.find((one) => one.podUid === uidOf(pod) && one.container === container && one.resource === resource);
  }

  allocationsOf(pod: Pod, container: string): readonly Allocation[] {
    return this.#allocations.filter((one) => one.podUid === uidOf(pod) && one.container === container);
  }

  /** Healthy and free, or held by an init container of the same pod, which has ended by then. Throws DeviceError. */
  available({ pod, pods }: { readonly pod: Pod; readonly pods: readonly Pod[] }, resource: string, count: number): readonly string[] {
    this.#forgetEnded(pods);
    const passing = new Set((specOf(pod).initContainers ?? []).filter((one) => !isSidecar(one)).map(({ name }) => name));
    const held = this.#allocations.filter((one) => !(one.podUid === uidOf(pod) && passing.has(one.container)));
    const taken = new Set(held.filter((one) => one.resource === resource).flatMap(({ ids }) => ids));
    const devices = this.devicesOf(resource);
    const free = devices.filter(({ id, isHealthy }) => isHealthy && !taken.has(id)).map(({ id }) => id);
    if (free.length >= count) return free.toSorted();
    throw new DeviceError(`requested number of devices unavailable for ${resource}. Requested: ${count}, Available: ${free.length}`);
  }

  /** Answers all that is to be kept over a restart. */
  add(allocation: Allocation): readonly Allocation[] {
    this.#allocations = [...this.#allocations, allocation];
    return this.#allocations;
  }

  #forgetEnded(pods: readonly Pod[]): void {
    const active = new Set(pods.filter(({ status }) => !isTerminalPhase(status?.phase)).map(uidOf));
    this.#allocations = this.#allocations.filter(({ podUid }) => active.has(podUid));
  }
}

export const noGrant: DeviceGrant = { env: {}, mounts: [], devices: [], annotations: {}, cdiDevices: [] };

export const together = (grants: readonly DeviceGrant[]): DeviceGrant => ({
  env: Object.assign({}, ...grants.map(({ env }) => env)) as Record<string, string>,
  mounts: grants.flatMap(({ mounts }) => mounts),
  devices: grants.flatMap(({ devices }) => devices),
  annotations: Object.assign({}, ...grants.map(({ annotations }) => annotations)) as Record<string, string>,
  cdiDevices: grants.flatMap(({ cdiDevices }) => cdiDevices),
});
