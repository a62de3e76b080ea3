/**
 * `hibernetes leave`: this machine is no node any more. In order: its pods move, its Node is deleted, the agent ends, and what
 * agent and runtime made goes. What cannot be asked of the API any more is done here all the same with --force.
 */
import { existsSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { getuid } from 'node:process';
import { parseAgentConfig, type AgentConfig } from '../../agent/config.ts';
import { runCommand } from '../../agent/network/run.ts';
import { nodeTracesLeft, removeNodeTraces, removePodsOfNode } from '../../agent/removal/remove-node.ts';
import type { Client } from '../../functions/client/client.ts';
import { createHttpClient } from '../../functions/client/http-client.ts';
import { createHttpsFetch, type HttpsFetch } from '../../functions/client/https-fetch.ts';
import { tokenPath } from '../../functions/node-protocol/node-poll.ts';
import { StatusError } from '../../functions/kube/status-error.ts';
import { realWorld } from '../../functions/world.ts';
import { readIfThere } from '../local/data-directory.ts';
import { endProcess } from '../local/process-record.ts';
import { CliError } from './cli-error.ts';
import { drain } from './drain.ts';
import { agentRecord, removeAgentService } from './node-agent-service.ts';
import { print, progressOf, type OutputChoice } from './output.ts';
import type { Progress } from './progress.ts';

export interface LeaveOptions extends OutputChoice {
  readonly images?: boolean;
  readonly drain: boolean;
  /** Seconds. */
  readonly grace: number;
  readonly force?: boolean;
  readonly configDir: string;
  readonly programDirectory: string;
}

const requestTimeoutMs = 30_000;
const agentGraceMs = 10_000;

function configOf(directory: string): AgentConfig {
  const text = readIfThere(join(directory, 'agent.json'));
  if (text === undefined) throw new CliError(`This machine is no node: there is no ${join(directory, 'agent.json')}.`);
  return parseAgentConfig(text);
}

interface NodeApi {
  readonly client: Client;
  readonly fetch: HttpsFetch;
}

/** With the node's own credential, which may do this and no more. */
function apiOf({ server, caFile, tokenFile }: AgentConfig): NodeApi {
  const token = readFileSync(tokenFile, 'utf8').trim();
  const fetch = createHttpsFetch({ server, token, ...(caFile === undefined ? {} : { caPem: readFileSync(caFile, 'utf8') }) });
  const timed = (request: Request): Promise<Response> => fetch(new Request(request, { signal: AbortSignal.timeout(requestTimeoutMs) }));
  return { client: createHttpClient({ fetch: timed, baseUrl: server, userAgent: 'hibernetes' }), fetch };
}

async function deleteNode({ fetch }: NodeApi, { server, nodeName }: AgentConfig): Promise<void> {
  const response = await fetch(
    new Request(`${server}${tokenPath(nodeName)}`, { method: 'DELETE', signal: AbortSignal.timeout(requestTimeoutMs) }),
  );
  // 401: the Node is gone, and the credential with it.
  if (response.status === 200 || response.status === 401 || response.status === 404) return;
  throw new CliError(
    `The server refused to delete the node: ${((await response.json()) as { message?: string }).message ?? response.status}`,
  );
}

async function leaveApi(options: LeaveOptions, config: AgentConfig, progress: Progress): Promise<void> {
  const api = apiOf(config);
  try {
    if (options.drain)
      await progress.step('Moving the pods to other nodes', () =>
        drain(api.client, config.nodeName, options.grace, realWorld('error').clock),
      );
    await progress.step(`Deleting the node ${config.nodeName}`, () => deleteNode(api, config));
  } catch (error) {
    const isGone = error instanceof StatusError && (error.code === 401 || error.code === 404);
    if (isGone) return progress.note('The cluster does not know this node any more.');
    if (options.force !== true) {
      if (error instanceof CliError || !(error instanceof Error)) throw error;
      throw new CliError(
        `The API cannot be asked: ${error.message}.`,
        '--force leaves without it; kubectl delete node is then for you to do.',
      );
    }
    progress.note(`The node ${config.nodeName} stays in the cluster, which could not be asked: kubectl delete node ${config.nodeName}`);
  } finally {
    api.fetch.close();
  }
}

/** As a service, or in the foreground. It leaves the containers running. */
async function endAgent(configFile: string): Promise<void> {
  await removeAgentService();
  await endProcess(agentRecord(configFile), agentGraceMs);
}

const commandLink = '/usr/local/bin/hibernetes';

function removePrograms({ configDir, programDirectory }: LeaveOptions): void {
  if (existsSync(commandLink) && existsSync(programDirectory) && realpathSync(commandLink).startsWith(`${realpathSync(programDirectory)}/`))
    rmSync(commandLink);
  for (const directory of [programDirectory, configDir]) rmSync(directory, { recursive: true, force: true });
}

export async function leaveCluster(options: LeaveOptions): Promise<void> {
  if (getuid?.() !== 0) throw new CliError('Leaving needs root.', 'Run the same command as root, such as with sudo.');
  const config = configOf(options.configDir);
  const progress = progressOf(options);
  await leaveApi(options, config, progress);
  await progress.step('Ending the agent', () => endAgent(join(options.configDir, 'agent.json')));
  const { driver } = await progress.step('Removing the pods', () => removePodsOfNode(config, { images: options.images === true }));
  const places = { config, driver, run: runCommand };
  const left = await progress.step('Removing network, cgroups, mounts and files', async () => {
    await removeNodeTraces(places);
    removePrograms(options);
    return nodeTracesLeft(places);
  });
  if (left.length > 0)
    throw new CliError(`Some of it is still there: ${left.join(', ')}.`, 'A reboot frees what is in use; then remove it by hand.');
  print(options, { left: config.nodeName }, () => '\nThis machine is no node any more, and nothing of it is left.\n');
}
