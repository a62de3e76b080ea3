/**
 * Plug-ins that bring devices (GPUs and the like) by the kubelet's v1beta1 sockets. Each registers at `kubelet.sock` or by a
 * socket in `plugins_registry`. It lists its devices for as long as it runs, and names what a container needs to use them.
 * Source: pkg/kubelet/cm/devicemanager
 */
import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Container, Pod } from '../../functions/kube/generated/types.ts';
import { uidOf } from '../../functions/kube/object.ts';
import type { World } from '../../functions/world.ts';
import { orUndefined } from '../files/error-code.ts';
import { devicePluginService, deviceRegistrationService } from '../plugins/messages.ts';
import { openPlugin, PluginError, type PluginClient } from '../plugins/plugin-client.ts';
import { servePlugins } from '../plugins/plugin-server.ts';
import type { PluginKind } from '../plugins/plugin-watcher.ts';
import { ContainerConfigError } from '../pods/lookup.ts';
import { semaphore } from '../pods/semaphore.ts';
import { DeviceError, DevicePool, together, type Allocation, type Counts, type Device, type DeviceGrant } from './device-pool.ts';

export interface Devices {
  /** The devices of a container, the same ones each time. Throws ContainerConfigError. */
  grant(pod: Pod, container: Container, pods: readonly Pod[]): Promise<DeviceGrant>;
  counts(): Counts;
  /** The devices that the container holds. */
  held(pod: Pod, container: string): readonly ResourceDevice[];
  /** Each that containers may get or hold. */
  healthy(): readonly ResourceDevice[];
}

export interface ResourceDevice {
  readonly resource: string;
  readonly device: Pick<Device, 'id' | 'numaNodes'>;
}

export interface DevicePlugins extends Devices {
  readonly kind: PluginKind;
  /** Resolves when the signal aborts. */
  run(signal: AbortSignal): Promise<void>;
}

interface RegisterRequest {
  readonly version: string;
  readonly endpoint: string;
  readonly resourceName: string;
}

interface PluginOptions {
  readonly preStartRequired: boolean;
  readonly getPreferredAllocationAvailable: boolean;
}

interface AllocateResponse {
  readonly containerResponses: readonly {
    readonly envs: Record<string, string>;
    readonly mounts: DeviceGrant['mounts'];
    readonly devices: DeviceGrant['devices'];
    readonly annotations: Record<string, string>;
    readonly cdiDevices: readonly { readonly name: string }[];
  }[];
}

interface DeviceMessage {
  readonly ID: string;
  readonly health: string;
  readonly topology: { readonly nodes: readonly { readonly ID: number }[] } | null;
}

const deviceOf = ({ ID, health, topology }: DeviceMessage): Device => ({
  id: ID,
  isHealthy: health === 'Healthy',
  ...(topology === null ? {} : { numaNodes: topology.nodes.map((node) => node.ID) }),
});

interface Connected {
  readonly client: PluginClient;
  readonly options: PluginOptions;
  readonly ending: AbortController;
}

const version = 'v1beta1';
const socketName = 'kubelet.sock';
const allocationsName = 'allocations.json';
/** Source: k8s.io/kubelet, pkg/apis/deviceplugin/v1beta1/constants.go */
const preStartSecondsMax = 30;

export async function createDevicePlugins(world: World, directory: string): Promise<DevicePlugins> {
  const text = await orUndefined(readFile(join(directory, allocationsName), 'utf8'));
  return new Plugins(world, directory, text === undefined ? [] : (JSON.parse(text) as Allocation[]));
}

/** `vendor.com/name`. Source: pkg/apis/core/v1/helper, IsExtendedResourceName. */
function isExtendedName(text: string): boolean {
  const [domain = '', name = '', ...others] = text.split('/');
  return others.length === 0 && name !== '' && domain.slice(1, -1).includes('.');
}

class Plugins implements DevicePlugins {
  readonly kind: PluginKind;
  readonly #world: World;
  readonly #directory: string;
  readonly #pool: DevicePool;
  readonly #connected = new Map<string, Connected>();
  /** Two containers that start together take different devices. */
  readonly #granting = semaphore(1);

  constructor(world: World, directory: string, allocations: readonly Allocation[]) {
    this.#world = world;
    this.#directory = directory;
    this.#pool = new DevicePool(allocations);
    this.kind = {
      type: 'DevicePlugin',
      register: async ({ name, endpoint, versions }) => {
        if (!versions.includes(version)) throw new DeviceError(`it supports versions [${versions.join(' ')}], this node speaks ${version}`);
        await this.#connect(name, endpoint);
      },
      deregister: async (name) => this.#disconnect(name),
    };
  }

  counts(): Counts {
    return this.#pool.counts(this.#world.clock.now());
  }

  held(pod: Pod, container: string): readonly ResourceDevice[] {
    return this.#pool.allocationsOf(pod, container).flatMap(({ resource, ids }) => {
      const known = new Map(this.#pool.devicesOf(resource).map((device) => [device.id, device]));
      return ids.map((id) => ({ resource, device: known.get(id) ?? { id } }));
    });
  }

  healthy(): readonly ResourceDevice[] {
    return this.#pool.resources().flatMap((resource) =>
      this.#pool
        .devicesOf(resource)
        .filter(({ isHealthy }) => isHealthy)
        .map((device) => ({ resource, device })),
    );
  }

  async run(signal: AbortSignal): Promise<void> {
    // A plug-in that sees its socket go registers again.
    for (const entry of await readdir(this.#directory, { withFileTypes: true }))
      if (entry.isSocket()) await rm(join(this.#directory, entry.name), { force: true });
    const server = await servePlugins<RegisterRequest>(join(this.#directory, socketName), deviceRegistrationService, {
      Register: async (request) => {
        if (request.version !== version) throw new DeviceError(`unsupported API version ${request.version}; supported: ${version}`);
        if (!isExtendedName(request.resourceName)) throw new DeviceError(`the ResourceName "${request.resourceName}" is invalid`);
        await this.#connect(request.resourceName, join(this.#directory, request.endpoint));
        return {};
      },
    });
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      else signal.addEventListener('abort', () => resolve(), { once: true });
    });
    for (const { ending, client } of this.#connected.values()) {
      ending.abort();
      client.close();
    }
    server.close();
  }

  async grant(pod: Pod, container: Container, pods: readonly Pod[]): Promise<DeviceGrant> {
    try {
      return await this.#granting.run(async () => {
        for (const [resource, count] of this.#pool.wanted(container)) await this.#allocate(pod, container, { resource, count, pods });
        const allocations = this.#pool.allocationsOf(pod, container.name);
        for (const { resource, ids } of allocations) await this.#preStart(resource, ids);
        return together(allocations.map(({ grant }) => grant));
      });
    } catch (error) {
      if (error instanceof DeviceError || error instanceof PluginError) throw new ContainerConfigError(error.message);
      throw error;
    }
  }

  async #allocate(
    pod: Pod,
    container: Container,
    { resource, count, pods }: { readonly resource: string; readonly count: number; readonly pods: readonly Pod[] },
  ): Promise<void> {
    if (this.#pool.allocationOf(pod, container.name, resource) !== undefined) return;
    const available = this.#pool.available({ pod, pods }, resource, count);
    const { client, options } = this.#plugin(resource);
    const ids = options.getPreferredAllocationAvailable ? await preferred(client, available, count) : available.slice(0, count);
    const { containerResponses } = await client.call<AllocateResponse>('Allocate', { containerRequests: [{ devicesIds: ids }] });
    const [response] = containerResponses;
    if (response === undefined) throw new DeviceError(`no response of the plug-in for ${resource}`);
    const { envs, mounts, devices, annotations, cdiDevices } = response;
    const grant = { env: envs, mounts, devices, annotations, cdiDevices: cdiDevices.map(({ name }) => name) };
    await this.#save(this.#pool.add({ podUid: uidOf(pod), container: container.name, resource, ids, grant }));
  }

  async #preStart(resource: string, ids: readonly string[]): Promise<void> {
    const { client, options } = this.#plugin(resource);
    if (options.preStartRequired) await client.call('PreStartContainer', { devicesIds: ids }, preStartSecondsMax);
  }

  #plugin(resource: string): Connected {
    const found = this.#connected.get(resource);
    if (found === undefined) throw new DeviceError(`endpoint not found in cache for a registered resource: ${resource}`);
    return found;
  }

  async #connect(resource: string, endpoint: string): Promise<void> {
    this.#disconnect(resource);
    const client = openPlugin(endpoint, devicePluginService);
    const ending = new AbortController();
    try {
      const options = await client.call<PluginOptions>('GetDevicePluginOptions', {}, preStartSecondsMax);
      this.#connected.set(resource, { client, options, ending });
      this.#pool.setDevices(resource, []);
    } catch (error) {
      client.close();
      throw error;
    }
    void this.#follow(resource, { client, ending });
  }

  /** Until the plug-in goes. It registers again when it is back. */
  async #follow(resource: string, { client, ending }: Pick<Connected, 'client' | 'ending'>): Promise<void> {
    const onMessage = ({ devices }: { readonly devices: readonly DeviceMessage[] }): void =>
      this.#pool.setDevices(resource, devices.map(deviceOf));
    try {
      await client.stream('ListAndWatch', onMessage, ending.signal);
    } catch (error) {
      if (!(error instanceof PluginError)) throw error;
      this.#world.log.warn('a device plug-in is gone', { resource, error: error.message });
    }
    if (this.#connected.get(resource)?.client === client) this.#disconnect(resource);
  }

  #disconnect(resource: string): void {
    const before = this.#connected.get(resource);
    if (before === undefined) return;
    this.#connected.delete(resource);
    before.ending.abort();
    before.client.close();
    this.#pool.setGone(resource, this.#world.clock.now());
  }

  async #save(allocations: readonly Allocation[]): Promise<void> {
    const path = join(this.#directory, allocationsName);
    await writeFile(`${path}.draft`, JSON.stringify(allocations), { mode: 0o600, flush: true });
    await rename(`${path}.draft`, path);
  }
}

async function preferred(client: PluginClient, available: readonly string[], count: number): Promise<readonly string[]> {
  const request = { availableDeviceIDs: available, mustIncludeDeviceIDs: [], allocationSize: count };
  const { containerResponses } = await client.call<{ readonly containerResponses: readonly { readonly deviceIDs: readonly string[] }[] }>(
    'GetPreferredAllocation',
    { containerRequests: [request] },
  );
  const known = new Set(available);
  const chosen = (containerResponses[0]?.deviceIDs ?? []).filter((id) => known.has(id));
  return [...new Set([...chosen, ...available])].slice(0, count);
}
