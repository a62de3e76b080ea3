/** A node whose agent is the real one, in a process of its own, and whose containers are pretended. It joins with a token as machines do. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AgentConfig } from '../../agent/config.ts';
import { type NodeCredential, tokenPath } from '../../functions/node-protocol/node-poll.ts';
import type { JoinedNodes, JoinOptions } from './joined-nodes.ts';

const agent = join(import.meta.dirname, '../../agent/main.ts');
/** No machine has it. Source: RFC 2544. */
const nodeIp = '198.18.0.1';

export async function joinSimulatedNode(name: string, { server, token, directory, environment }: JoinOptions): Promise<JoinedNodes> {
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
  const logFile = join(root, 'agent.log');
  const log = openSync(logFile, 'a');
  const child = spawn(process.execPath, [agent, configFile], { env: { ...process.env, ...environment }, stdio: ['ignore', log, log] });
  return {
    names: [name],
    log: () => readFileSync(logFile, 'utf8'),
    async stop() {
      if (child.exitCode !== null) return;
      const exited = once(child, 'exit');
      child.kill('SIGTERM');
      await exited;
    },
  };
}
