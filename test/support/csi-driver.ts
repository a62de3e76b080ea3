/**
 * A CSI driver of directories, for tests: it answers on real sockets as a driver's pod does, and mounts what it is asked to.
 * A controller's part (attach, grow) is done by the test itself.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Server, ServerCredentials, status as grpcStatus, type sendUnaryData, type ServerUnaryCall } from '@grpc/grpc-js';
import { csiNodeService, registrationService } from '../../agent/plugins/messages.ts';

export interface CsiDriverProcess {
  /** What it was asked, in order: the method and the request. */
  readonly calls: readonly { readonly method: string; readonly request: Record<string, unknown> }[];
  /** What the node answered to the registration. */
  readonly registrations: readonly { readonly pluginRegistered: boolean; readonly error: string }[];
  stop(): void;
}

export interface CsiDriverOptions {
  readonly name: string;
  /** The kubelet directory of the node's agent. */
  readonly kubeletDirectory: string;
  /** Where volumes have their data, a directory each. */
  readonly dataDirectory: string;
  readonly capabilities?: readonly number[];
  readonly maxVolumes?: number;
}

type Reply = (request: Record<string, unknown>) => object;

const mount = (...words: readonly string[]): void => void execFileSync('mount', words);

function handlers(reply: Readonly<Record<string, Reply>>, calls: { method: string; request: Record<string, unknown> }[]) {
  return Object.fromEntries(
    Object.entries(reply).map(([method, answer]) => [
      method,
      (call: ServerUnaryCall<Record<string, unknown>, object>, done: sendUnaryData<object>) => {
        calls.push({ method, request: call.request });
        try {
          done(null, answer(call.request));
        } catch (error) {
          done({ code: grpcStatus.INTERNAL, details: error instanceof Error ? error.message : String(error) });
        }
      },
    ]),
  );
}

function listen(server: Server, socket: string): Promise<void> {
  rmSync(socket, { force: true });
  return new Promise((resolve, reject) =>
    server.bindAsync(`unix://${socket}`, ServerCredentials.createInsecure(), (error) => (error === null ? resolve() : reject(error))),
  );
}

export async function startCsiDriver(options: CsiDriverOptions): Promise<CsiDriverProcess> {
  const { name, kubeletDirectory, dataDirectory, capabilities = [1, 3], maxVolumes = 0 } = options;
  const calls: { method: string; request: Record<string, unknown> }[] = [];
  const registrations: { pluginRegistered: boolean; error: string }[] = [];
  const directory = join(kubeletDirectory, 'plugins', name);
  mkdirSync(directory, { recursive: true });
  const endpoint = join(directory, 'csi.sock');

  const node = new Server();
  const bind = (from: string, to: string): void => {
    mkdirSync(to, { recursive: true });
    mount('--bind', from, to);
  };
  const unmount = (path: string): void => {
    if (existsSync(path)) execFileSync('umount', [path]);
  };
  const replies: Readonly<Record<string, Reply>> = {
    NodeGetInfo: () => ({
      nodeId: `${name}-node`,
      maxVolumesPerNode: maxVolumes,
      accessibleTopology: { segments: { [`${name}/zone`]: 'z1' } },
    }),
    NodeGetCapabilities: () => ({ capabilities: capabilities.map((type) => ({ rpc: { type } })) }),
    NodeStageVolume({ volumeId, stagingTargetPath }) {
      const data = join(dataDirectory, String(volumeId));
      mkdirSync(data, { recursive: true });
      bind(data, String(stagingTargetPath));
      return {};
    },
    NodeUnstageVolume({ stagingTargetPath }) {
      unmount(String(stagingTargetPath));
      return {};
    },
    NodePublishVolume({ volumeId, stagingTargetPath, targetPath }) {
      const own = join(dataDirectory, String(volumeId));
      mkdirSync(own, { recursive: true });
      bind(String(stagingTargetPath) === '' ? own : String(stagingTargetPath), String(targetPath));
      return {};
    },
    NodeUnpublishVolume({ targetPath }) {
      unmount(String(targetPath));
      rmSync(String(targetPath), { recursive: true, force: true });
      return {};
    },
    NodeExpandVolume: ({ capacityRange }) => ({ capacityBytes: (capacityRange as { requiredBytes: number }).requiredBytes }),
  };
  node.addService(csiNodeService, handlers(replies, calls));
  await listen(node, endpoint);

  const registrar = new Server();
  const registration: Readonly<Record<string, Reply>> = {
    GetInfo: () => ({ type: 'CSIPlugin', name, endpoint, supportedVersions: ['1.0.0'] }),
    NotifyRegistrationStatus(request) {
      registrations.push(request as unknown as { pluginRegistered: boolean; error: string });
      return {};
    },
  };
  const socket = join(kubeletDirectory, 'plugins_registry', `${name}-reg.sock`);
  registrar.addService(registrationService, handlers(registration, []));
  await listen(registrar, socket);

  return {
    calls,
    registrations,
    stop() {
      rmSync(socket, { force: true });
      registrar.forceShutdown();
      node.forceShutdown();
    },
  };
}
