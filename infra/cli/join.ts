/**
 * `hibernetes join SERVER --token TOKEN`: this machine becomes a node. It installs nothing but the agent. It checks
 * first for everything else that a node needs. What is missing is reported with its cure before anything is changed.
 */
import { existsSync, readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { getuid } from 'node:process';
import { shutdownGraces, type AgentConfig } from '../../agent/config.ts';
import { ConnectionError, createHttpsFetch } from '../../functions/client/https-fetch.ts';
import type { NodeNetworks } from '../../functions/kube/cluster-networks.ts';
import type { Status } from '../../functions/kube/generated/types.ts';
import { type NodeCredential, tokenPath } from '../../functions/node-protocol/node-poll.ts';
import { readIfThere, writePrivately } from '../local/data-directory.ts';
import { missingPrograms } from '../local/hosts/can-run-containers.ts';
import { CliError } from './cli-error.ts';
import { machineContainerd, type MachineContainerd } from './machine-containerd.ts';
import { runAgent, startAgentService, requireServices } from './node-agent-service.ts';
import { print, progressOf, type OutputChoice } from './output.ts';
import { pinnedAuthority, shakeHands } from './server-authority.ts';

export interface JoinOptions extends OutputChoice {
  readonly token: string;
  readonly caCertHash?: string;
  readonly caFile?: string;
  readonly name?: string;
  readonly nodeIp?: string;
  readonly foreground?: boolean;
  readonly configDir: string;
  readonly rootDirectory: string;
  readonly logDirectory: string;
  readonly programDirectory: string;
  readonly containerdConfig: string;
  readonly cgroupRoot?: string;
  readonly staticPodPath?: string;
}

const tokenPattern = /^[a-z0-9]{6}\.[a-z0-9]{16}$/;

export function serverUrl(text: string): URL {
  const url = URL.parse(text.includes('://') ? text : `https://${text}`);
  if (url === null || url.protocol !== 'https:')
    throw new CliError(`${text} is no address of an API.`, 'It looks like https://10.0.0.1:6443; hibernetes token create prints it.');
  return url;
}

/** The API's address in the form that the agent's configuration has: one of several clusters behind a host has a path. */
export const addressOf = ({ origin, pathname }: URL): string => origin + pathname.replace(/\/$/, '');

/** Node names are DNS subdomains. */
export const defaultNodeName = (host: string): string => host.toLowerCase().replaceAll('_', '-');

function checkMachine({ token, configDir, foreground = false }: JoinOptions): void {
  if (!tokenPattern.test(token))
    throw new CliError('The token is not of the form abcdef.0123456789abcdef.', 'hibernetes token create prints one.');
  if (process.platform !== 'linux') throw new CliError(`A node needs Linux, and this is ${process.platform}.`);
  if (getuid?.() !== 0) throw new CliError('A node needs root.', 'Run the same command as root, such as with sudo.');
  const missing = missingPrograms();
  if (missing !== undefined) throw new CliError(`${missing.why}.`, missing.cure);
  const before = readIfThere(join(configDir, 'agent.json'));
  if (before !== undefined) {
    const { nodeName } = JSON.parse(before) as AgentConfig;
    throw new CliError(
      `This machine is the node ${nodeName} already.`,
      `To join anew: kubectl delete node ${nodeName}, remove ${configDir}, and run this again.`,
    );
  }
  if (!foreground) requireServices();
}

interface Membership {
  readonly server: URL;
  readonly caPem: string | undefined;
  readonly nodeIp: string;
}

/** Finds the server and its authority, without sending anything secret. */
async function findServer(server: URL, { caFile, caCertHash, nodeIp }: JoinOptions): Promise<Membership> {
  const { chain, localAddress } = await shakeHands(server);
  const caPem =
    caFile === undefined ? (caCertHash === undefined ? undefined : pinnedAuthority(chain, caCertHash)) : readFileSync(caFile, 'utf8');
  return { server, caPem, nodeIp: nodeIp ?? localAddress };
}

const untrusted = /certificate|self.signed|issuer|altnames/i;

async function tradeToken({ server, caPem }: Membership, name: string, token: string): Promise<NodeCredential> {
  const fetch = createHttpsFetch({ server: addressOf(server), token, ...(caPem === undefined ? {} : { caPem }) });
  const request = new Request(`${addressOf(server)}${tokenPath(name)}`, {
    method: 'POST',
    body: '{}',
    headers: { 'content-type': 'application/json' },
  });
  try {
    const response = await fetch(request);
    const body = (await response.json()) as NodeCredential & Status;
    if (response.status === 201) return body;
    if (response.status === 401)
      throw new CliError('The server does not know the token, or its time is over.', 'hibernetes token create prints a new one.');
    throw new CliError(`The server refused: ${body.message ?? response.status}`);
  } catch (error) {
    if (!(error instanceof ConnectionError)) throw error;
    const cure = untrusted.test(error.message)
      ? '--ca-cert-hash or --ca-file name the authority to trust; hibernetes token create prints the hash.'
      : undefined;
    throw new CliError(`The server cannot be talked to: ${error.message}.`, cure);
  } finally {
    fetch.close();
  }
}

function writeConfig(
  options: JoinOptions,
  { server, caPem, nodeIp }: Membership,
  { containerd, networks }: { readonly containerd: MachineContainerd; readonly networks: NodeNetworks },
): AgentConfig {
  const { configDir, rootDirectory, logDirectory, cgroupRoot, staticPodPath } = options;
  const caFile = join(configDir, 'ca.crt');
  if (caPem !== undefined) writePrivately(caFile, caPem);
  return {
    nodeName: options.name ?? defaultNodeName(hostname()),
    server: addressOf(server),
    ...(caPem === undefined ? {} : { caFile }),
    tokenFile: join(configDir, 'token'),
    runtime: 'containerd',
    containerdSocket: containerd.socket,
    ...(containerd.sandboxImage === undefined ? {} : { sandboxImage: containerd.sandboxImage }),
    cniDirectory: containerd.cniDirectory,
    rootDirectory,
    podLogDirectory: join(logDirectory, 'pods'),
    containerLogDirectory: join(logDirectory, 'containers'),
    nodeIp,
    program: join(options.programDirectory, 'agent.mjs'),
    ...shutdownGraces,
    ...networks,
    ...(cgroupRoot === undefined ? {} : { cgroupRoot }),
    ...(staticPodPath === undefined ? {} : { staticPodPath }),
  };
}

export async function joinCluster(address: string, options: JoinOptions): Promise<void> {
  const progress = progressOf(options);
  const server = serverUrl(address);
  const name = options.name ?? defaultNodeName(hostname());
  const containerd = await progress.step('Looking for what a node needs', async () => {
    checkMachine(options);
    return machineContainerd(options.containerdConfig);
  });
  const membership = await progress.step(`Finding ${server.host}`, () => findServer(server, options));
  const { status, networks } = await progress.step(`Becoming the node ${name}`, () => tradeToken(membership, name, options.token));
  const config = writeConfig(options, membership, { containerd, networks });
  writePrivately(config.tokenFile, `${status?.token ?? ''}\n`);
  const configFile = join(options.configDir, 'agent.json');
  const program = config.program ?? '';
  // The script that the API serves has brought it.
  if (!existsSync(program))
    await progress.step('Making the agent one file', async () => {
      // The bundler is heavy, and only this command needs it.
      const { bundleAgent } = await import('../../agent/bundle.ts');
      await bundleAgent(program);
    });
  writePrivately(configFile, `${JSON.stringify(config, undefined, 2)}\n`);
  if (options.foreground === true) return runAgent(program, configFile);
  await progress.step('Starting the agent as a service', () => startAgentService(program, configFile));
  print(options, { node: name, server: config.server }, () => `\nThis machine is the node ${name}: kubectl get nodes shows it.\n`);
}
