/** The agent of a machine that joined: as a service of systemd, or in the foreground for as long as the command runs. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { restartCode, startScript } from '../../agent/upgrade/program-files.ts';
import { runCommand } from '../../agent/network/run.ts';
import { recordProcess } from '../local/process-record.ts';
import { CliError } from './cli-error.ts';

const serviceName = 'hibernetes-agent';
const unitFile = `/etc/systemd/system/${serviceName}.service`;

export function requireServices(): void {
  if (!existsSync('/run/systemd/system'))
    throw new CliError('systemd does not run here.', 'With --foreground the agent lives as long as the command.');
}

/**
 * The agent's containers are containerd's children and go on without it. An administrator may stop containerd: the
 * agent must outlive that, since systemd would not start it again with containerd. systemd restarts the agent without a
 * limit.
 */
export const unitText = (command: readonly string[]): string => `[Unit]
Description=Hibernetes node agent
After=network-online.target containerd.service
Wants=network-online.target containerd.service
StartLimitIntervalSec=0

[Service]
ExecStart=${command.map((word) => `"${word}"`).join(' ')}
Restart=always
RestartSec=2
KillMode=process
Delegate=yes
LimitNOFILE=1048576

[Install]
WantedBy=multi-user.target
`;

/** Ends the service and forgets it. Repeating it is harmless. */
export async function removeAgentService(): Promise<void> {
  if (!existsSync(unitFile)) return;
  await runCommand(['systemctl', 'disable', '--now', serviceName]);
  rmSync(unitFile);
  await runCommand(['systemctl', 'daemon-reload']);
}

/** Beside the agent's program: what the service runs. */
function writeStartScript(program: string, configFile: string): string {
  const file = join(dirname(program), 'start-agent');
  writeFileSync(file, startScript(process.execPath, program, configFile), { mode: 0o755 });
  return file;
}

export async function startAgentService(program: string, configFile: string): Promise<void> {
  writeFileSync(unitFile, unitText([writeStartScript(program, configFile)]));
  await runCommand(['systemctl', 'daemon-reload']);
  await runCommand(['systemctl', 'enable', '--now', serviceName]);
  // Without it a power cut in the next half minute would leave a machine that only remembers half of it.
  await runCommand(['sync']);
}

/** The record of an agent in the foreground, so that the machine can leave while it runs. */
export const agentRecord = (configFile: string): string => `${configFile}.pid`;

/** Ends when the agent does, unless another version of it is to run; what ends this ends the agent. */
export async function runAgent(program: string, configFile: string): Promise<void> {
  const script = writeStartScript(program, configFile);
  let child: ChildProcess | undefined;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child?.kill('SIGTERM'));
  for (let code: number | null = restartCode; code === restartCode;) {
    child = spawn(script, { stdio: 'inherit' });
    if (child.pid !== undefined) recordProcess(agentRecord(configFile), child.pid);
    [code] = (await once(child, 'exit')) as [number | null];
    process.exitCode = code ?? 1;
  }
}
