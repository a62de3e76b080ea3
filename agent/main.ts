/**
 * The agent as a program: `node agent/main.ts CONFIG`. SIGTERM ends it and leaves the containers running.
 */
import { joinFilePrefix } from '../functions/node-protocol/agent-program.ts';
import { realWorld, type World } from '../functions/world.ts';
import { createHttpClient } from '../functions/client/http-client.ts';
import { createEventRecorder } from '../functions/client/create-event-recorder.ts';
import { readAgentConfig, type AgentConfig } from './config.ts';
import { credentialFile, keepCredential } from './credential.ts';
import { createContainerAgent, createSimulatedAgent } from './node-agent.ts';
import { createTransport, type Transport } from './transport.ts';
import { programFiles, restartCode } from './upgrade/program-files.ts';
import { createProgramUpdate, type ProgramUpdate } from './upgrade/program-update.ts';

function programUpdate({ program }: AgentConfig, world: World, transport: Transport): ProgramUpdate | undefined {
  if (program === undefined) return undefined;
  return createProgramUpdate({
    ...world,
    files: programFiles(program),
    download: () => transport.download(`${joinFilePrefix}agent.mjs`),
    restart() {
      exitCode = restartCode;
      ending.abort(new Error('another version of the agent is to run'));
    },
  });
}

async function run(config: AgentConfig, signal: AbortSignal): Promise<void> {
  const plain = realWorld(config.logLevel ?? 'info');
  const world = { ...plain, log: plain.log.with({ node: config.nodeName }) };
  const transport = createTransport(config);
  const client = createHttpClient({ fetch: transport.fetch, baseUrl: config.server, userAgent: 'kubelet' });
  const events = createEventRecorder({ client, world, component: 'kubelet', host: config.nodeName });
  const create = config.runtime === 'containerd' ? createContainerAgent : createSimulatedAgent;
  const update = programUpdate(config, world, transport);
  const agent = await create({ config, world, client, events, transport, update, signal });
  world.log.info('the agent runs', { server: config.server, runtime: config.runtime });
  await Promise.all([agent.run(signal), keepCredential({ config, file: credentialFile(config.tokenFile), world, transport }, signal)]);
  transport.close();
}

let exitCode = 0;
const ending = new AbortController();
for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => ending.abort(new Error(name)));

const path = process.argv[2];
if (path === undefined) {
  process.stderr.write('usage: node agent/main.ts CONFIG\n');
  process.exit(2);
}
// Timers of the real clock do not keep a process alive; this one does until a signal ends the agent.
const keepAlive = setInterval(() => {}, 1 << 30);
try {
  await run(await readAgentConfig(path), ending.signal);
  process.exit(exitCode);
} catch (error) {
  if (!ending.signal.aborted) {
    process.stderr.write(`the agent cannot run: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exit(1);
  }
  process.exit(exitCode);
} finally {
  clearInterval(keepAlive);
}
