/**
 * A kubeconfig that names a gate on this machine. It holds no secret: the gate signs in with the kubeconfig that it was
 * made from.
 */
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { resolve } from 'node:path';
import { stringify } from 'yaml';
import { accessOfKubeconfig, KubeconfigError } from '../../../functions/client/kubeconfig-access.ts';
import { realWorld } from '../../../functions/world.ts';
import { CliError } from '../cli-error.ts';
import { ownProgram } from '../own-program.ts';
import { readIfThere } from '../../local/data-directory.ts';
import { gateHost, type GateHome, makeGateHome, readGateHome } from './gate-home.ts';

async function freePort(): Promise<number> {
  const server = createServer().listen(0, gateHost);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

export interface GateChoice {
  /** Names the API. */
  readonly kubeconfig: string;
  readonly home: string;
  readonly port?: number;
}

/** The port stays as it was unless another one is chosen: kubeconfigs name it. */
async function portOf({ home, port }: GateChoice): Promise<number> {
  if (port !== undefined) return port;
  return readIfThere(`${home}/gate.json`) === undefined ? freePort() : readGateHome(home).port;
}

function kubeconfigOf({ directory, port, authority }: GateHome, name: string): string {
  const exec = {
    apiVersion: 'client.authentication.k8s.io/v1',
    command: process.execPath,
    args: [ownProgram, 'gate', 'credential', '--home', directory],
    interactiveMode: 'Never',
    provideClusterInfo: false,
  };
  const data = Buffer.from(authority.certificatePem).toString('base64');
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name, cluster: { server: `https://${gateHost}:${port}`, 'certificate-authority-data': data } }],
    users: [{ name, user: { exec } }],
    contexts: [{ name, context: { cluster: name, user: name } }],
    'current-context': name,
  });
}

export async function gateKubeconfig(choice: GateChoice, name = 'hibernetes-gate'): Promise<string> {
  const kubeconfig = resolve(choice.kubeconfig);
  const home = await makeGateHome(resolve(choice.home), { port: await portOf(choice), kubeconfig }, realWorld('error'));
  return kubeconfigOf(home, name);
}

export async function printGateKubeconfig(choice: Omit<GateChoice, 'home'> & { readonly home?: string }): Promise<void> {
  if (readIfThere(choice.kubeconfig) === undefined) throw new CliError(`There is no file ${choice.kubeconfig}.`);
  try {
    accessOfKubeconfig(choice.kubeconfig);
  } catch (error) {
    throw error instanceof KubeconfigError ? new CliError(error.message) : error;
  }
  process.stdout.write(await gateKubeconfig({ ...choice, home: choice.home ?? `${choice.kubeconfig}.gate` }));
}
