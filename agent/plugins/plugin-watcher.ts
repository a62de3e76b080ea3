/**
 * Finds plug-ins of the node by their sockets in `plugins_registry`. It asks each for its type and name, and reports back
 * whether it was registered. A plug-in whose socket is removed is deregistered.
 * Source: pkg/kubelet/pluginmanager
 */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { World } from '../../functions/world.ts';
import { orUndefined } from '../files/error-code.ts';
import { repeat } from '../repeat.ts';
import { registrationService } from './messages.ts';
import { openPlugin, PluginError } from './plugin-client.ts';

export interface Plugin {
  readonly name: string;
  /** The socket at which the plug-in answers; it often registers at another one. */
  readonly endpoint: string;
  readonly versions: readonly string[];
}

/** One kind of plug-in. */
export interface PluginKind {
  /** `CSIPlugin` */
  readonly type: string;
  /** Throws Error: the plug-in is refused with this message, and asked again later. */
  register(plugin: Plugin): Promise<void>;
  deregister(name: string): Promise<void>;
}

interface PluginInfo {
  readonly type: string;
  readonly name: string;
  readonly endpoint: string;
  readonly supportedVersions: readonly string[];
}

interface Known {
  /** The same path may hold the socket of another process later. */
  readonly identity: string;
  readonly kind: PluginKind | undefined;
  readonly name: string;
  /** Undefined: it is registered, or of a kind that is not known. */
  readonly retryAtMs: number | undefined;
  readonly failures: number;
}

export interface PluginWatcher {
  /** Resolves when the signal aborts. */
  run(signal: AbortSignal): Promise<void>;
  /** Reads the directory once, for tests. */
  check(): Promise<void>;
}

export interface PluginWatcherOptions {
  readonly world: World;
  readonly directory: string;
  readonly kinds: readonly PluginKind[];
}

const checkMs = 1000;
const retryMsMin = 1000;
const retryMsMax = 60_000;
const registrationSecondsMax = 10;
const socketsMax = 1000;

async function socketsIn(directory: string): Promise<ReadonlyMap<string, string>> {
  const entries = await readdir(directory, { withFileTypes: true, recursive: true });
  const sockets = entries.filter((entry) => entry.isSocket() && !entry.name.startsWith('.')).slice(0, socketsMax);
  const found = new Map<string, string>();
  for (const { parentPath, name } of sockets) {
    const path = join(parentPath, name);
    const stats = await orUndefined(stat(path));
    if (stats !== undefined) found.set(path, `${stats.ino} ${stats.ctimeMs}`);
  }
  return found;
}

export function createPluginWatcher({ world, directory, kinds }: PluginWatcherOptions): PluginWatcher {
  const known = new Map<string, Known>();

  const register = async (path: string): Promise<Pick<Known, 'kind' | 'name'> & { readonly problem?: string }> => {
    const client = openPlugin(path, registrationService);
    try {
      const info = await client.call<PluginInfo>('GetInfo', {}, registrationSecondsMax);
      const kind = kinds.find(({ type }) => type === info.type);
      const problem = await problemOf(kind, info, path);
      await client.call(
        'NotifyRegistrationStatus',
        { pluginRegistered: problem === undefined, error: problem ?? '' },
        registrationSecondsMax,
      );
      return { kind, name: info.name, ...(problem === undefined ? {} : { problem }) };
    } finally {
      client.close();
    }
  };

  const problemOf = async (kind: PluginKind | undefined, info: PluginInfo, path: string): Promise<string | undefined> => {
    if (kind === undefined) return `no handler registered for plugin type: ${info.type} at socket ${path}`;
    try {
      await kind.register({ name: info.name, endpoint: info.endpoint === '' ? path : info.endpoint, versions: info.supportedVersions });
      return undefined;
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      return `plugin registration failed with err: ${error.message}`;
    }
  };

  const take = async (path: string, identity: string, failures: number): Promise<void> => {
    const again = { retryAtMs: world.clock.now() + Math.min(retryMsMax, retryMsMin * 2 ** failures), failures: failures + 1 };
    try {
      const { kind, name, problem } = await register(path);
      known.set(path, { identity, kind, name, ...(problem === undefined ? { retryAtMs: undefined, failures: 0 } : again) });
      if (problem === undefined) world.log.info('a plug-in is registered', { plugin: name, socket: path });
      else world.log.warn('a plug-in is refused', { plugin: name, socket: path, error: problem });
    } catch (error) {
      if (!(error instanceof PluginError)) throw error;
      known.set(path, { identity, kind: undefined, name: '', ...again });
      world.log.warn('a plug-in does not register', { socket: path, error: error.message });
    }
  };

  const check = async (): Promise<void> => {
    const sockets = await socketsIn(directory);
    for (const [path, { identity, kind, name, retryAtMs }] of known) {
      if (sockets.get(path) === identity) continue;
      known.delete(path);
      if (retryAtMs === undefined) await kind?.deregister(name);
    }
    for (const [path, identity] of sockets) {
      const before = known.get(path);
      const isDue = before === undefined || (before.retryAtMs !== undefined && before.retryAtMs <= world.clock.now());
      if (isDue) await take(path, identity, before?.failures ?? 0);
    }
  };

  return { check, run: (signal) => repeat(world, { periodMs: checkMs, what: 'plug-ins' }, signal, check) };
}
