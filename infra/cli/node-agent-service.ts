/** The agent of a machine that joined: as a service of systemd, or in the foreground for as long as the command runs. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
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
 * Its containers are containerd's children and go on without it. The agent outlives a containerd that somebody stops (it
 * would not be started again with it), and systemd never gives up on it.
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

export async function startAgentService(program: string, configFile: string): Promise<void> {
  writeFileSync(unitFile, unitText([process.execPath, program, configFile]));
  await runCommand(['systemctl', 'daemon-reload']);
  await runCommand(['systemctl', 'enable', '--now', serviceName]);
  // Without it a power cut in the next half minute would leave a machine that only remembers half of it.
  await runCommand(['sync']);
}

/** Of an agent in the foreground, so that the machine can leave while it runs. */
export const agentRecord = (configFile: string): string => `${configFile}.pid`;

/** Ends when the agent does; what ends this ends the agent. */
export async function runAgent(program: string, configFile: string): Promise<void> {
  const child = spawn(process.execPath, [program, configFile], { stdio: 'inherit' });
  if (child.pid !== undefined) recordProcess(agentRecord(configFile), child.pid);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill('SIGTERM'));
  const [code] = (await once(child, 'exit')) as [number | null];
  process.exitCode = code ?? 1;
}
