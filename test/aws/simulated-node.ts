/** A node whose agent is the real one, in a process of its own, and whose containers are pretended. It joins with a token as machines do. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AgentConfig } from '../../agent/config.ts';
import { type NodeCredential, tokenPath } from '../../functions/node-protocol/node-poll.ts';

export interface SimulatedNode {
  stop(): Promise<void>;
}

export interface SimulatedNodeOptions {
  readonly name: string;
  readonly server: string;
  /** What `hibernetes token create` printed. */
  readonly token: string;
  readonly directory: string;
  readonly environment: Readonly<Record<string, string>>;
}

const agent = join(import.meta.dirname, '../../agent/main.ts');
/** No machine has it. Source: RFC 2544. */
const nodeIp = '198.18.0.1';

export async function joinSimulatedNode({ name, server, token, directory, environment }: SimulatedNodeOptions): Promise<SimulatedNode> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const response = await fetch(`${server}${tokenPath(name)}`, { method: 'POST', headers, body: '{}' });
  if (!response.ok) throw new Error(`the API refused the node: ${await response.text()}`);
  const { status, networks } = (await response.json()) as NodeCredential;
  const root = join(directory, name);
  mkdirSync(root);
  const tokenFile = join(root, 'token');
  writeFileSync(tokenFile, status?.token ?? '', { mode: 0o600 });
  const config: AgentConfig = { nodeName: name, server, tokenFile, runtime: 'simulated', rootDirectory: root, nodeIp, ...networks };
  const configFile = join(root, 'agent.json');
  writeFileSync(configFile, JSON.stringify(config));
  const log = openSync(join(root, 'agent.log'), 'a');
  const child = spawn(process.execPath, [agent, configFile], { env: { ...process.env, ...environment }, stdio: ['ignore', log, log] });
  return {
    async stop() {
      if (child.exitCode !== null) return;
      const exited = once(child, 'exit');
      child.kill('SIGTERM');
      await exited;
    },
  };
}
