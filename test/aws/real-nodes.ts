/** Two machines with containerd that `hibernetes join` makes nodes of the emulated account's cluster. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { connect, createServer, type AddressInfo, type Server } from 'node:net';
import { join } from 'node:path';
import { type BuiltImage, buildImages, importImages } from '../../infra/images/build.ts';
import { startContainerd } from '../../infra/local/hosts/containerd.ts';
import { createFabric, removeFabric } from '../../infra/local/hosts/fabric.ts';
import type { Host } from '../../infra/local/hosts/host.ts';
import { ownId } from '../support/own-id.ts';
import { unmountBelow } from '../support/unmount-below.ts';
import { virtualWorld } from '../support/virtual-world.ts';
import type { JoinedNodes, JoinOptions } from './joined-nodes.ts';

const commandLine = join(import.meta.dirname, '../../infra/cli/main.ts');

/** The machines find names of AWS at the edge, which listens on another address than they reach. */
async function relayToEdge(gateway: string, edgePort: number): Promise<Server> {
  const relay = createServer((socket) => {
    const edge = connect(edgePort, '127.0.0.1');
    socket.on('error', () => edge.destroy()).on('close', () => edge.destroy());
    edge.on('error', () => socket.destroy()).on('close', () => socket.destroy());
    socket.pipe(edge).pipe(socket);
  }).listen(0, gateway);
  await once(relay, 'listening');
  return relay;
}

interface MachineOptions extends JoinOptions {
  readonly images: readonly BuiltImage[];
}

interface Machine {
  readonly logFile: string;
  stop(): Promise<void>;
}

async function joinMachine(host: Host, { directory, environment, images, server, token }: MachineOptions): Promise<Machine> {
  const logFile = join(directory, 'join.log');
  mkdirSync(directory);
  const containerd = await startContainerd(host, join(directory, 'containerd'));
  await importImages(containerd.socket, images);
  const places = Object.entries({
    '--name': host.name,
    '--config-dir': join(directory, 'etc'),
    '--root-directory': join(directory, 'agent'),
    '--program-directory': join(directory, 'programs'),
    '--log-directory': join(directory, 'log'),
    '--containerd-config': join(host.runDirectory, 'config.toml'),
    '--cgroup-root': host.cgroupParent,
  });
  const log = openSync(logFile, 'a');
  const words = [process.execPath, commandLine, 'join', server, '--token', token, '--foreground', ...places.flat()];
  const child = spawn('nsenter', [`--net=${host.netns}`, '--', ...words], { env: environment, stdio: ['ignore', log, log] });
  return {
    logFile,
    async stop() {
      if (child.exitCode !== null) return;
      const exited = once(child, 'exit');
      child.kill('SIGTERM');
      await exited;
    },
  };
}

export async function joinRealNodes(names: readonly string[], options: JoinOptions): Promise<JoinedNodes> {
  const { log } = virtualWorld();
  const directory = mkdtempSync(join(options.directory, 'machines-'));
  const fabric = await createFabric({ id: ownId(), directory, log });
  const relay = await relayToEdge(fabric.gateway, Number(options.environment['AWS_EDGE_PORT']));
  const { port } = relay.address() as AddressInfo;
  const environment = {
    PATH: process.env['PATH'] ?? '',
    ...options.environment,
    AWS_EDGE_HOST: fabric.gateway,
    AWS_EDGE_PORT: String(port),
  };
  const images = await buildImages();
  const hosts: Host[] = [];
  for (const name of names) hosts.push(await fabric.addHost(name));
  const machines = await Promise.all(
    hosts.map((host) => joinMachine(host, { ...options, images, environment, directory: join(directory, host.name) })),
  );
  return {
    names,
    log: () => machines.map(({ logFile }) => readFileSync(logFile, 'utf8')).join('\n'),
    async stop() {
      await Promise.all(machines.map((machine) => machine.stop()));
      relay.close();
      await removeFabric(directory, log);
      await unmountBelow(directory);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
