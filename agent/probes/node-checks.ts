/** Probes as a real node runs them. */
import type { Probe } from '../../functions/kube/generated/types.ts';
import { RuntimeError, type Runtime } from '../runtime/runtime.ts';
import { httpGet, probePort, tcpConnect, type CheckResult } from './checks.ts';
import { grpcHealth } from './grpc-health.ts';
import type { CheckInput } from './prober.ts';

const outputCharsMax = 10 << 10;

async function runExec(runtime: Runtime, command: readonly string[], input: CheckInput): Promise<CheckResult> {
  try {
    const result = await runtime.execSync(input.containerId, command, input.timeoutSeconds);
    if (result.exitCode === 0) return { outcome: 'success' };
    return { outcome: 'failure', message: Buffer.concat([result.stdout, result.stderr]).toString('utf8').slice(0, outputCharsMax) };
  } catch (error) {
    if (!(error instanceof RuntimeError)) throw error;
    if (error.code !== 'DeadlineExceeded') return { outcome: 'error', state: 'unknown', message: error.message };
    return { outcome: 'failure', message: `command timed out: "${command.join(' ')}" timed out after ${input.timeoutSeconds}s` };
  }
}

export const nodeChecks =
  (runtime: Runtime) =>
  async (probe: Probe, input: CheckInput): Promise<CheckResult> => {
    const timeoutMs = input.timeoutSeconds * 1000;
    if (probe.exec !== undefined) return runExec(runtime, probe.exec.command ?? [], input);
    if (probe.httpGet !== undefined) return httpGet(probe.httpGet, { container: input.container, podIp: input.podIp, timeoutMs });
    if (probe.tcpSocket !== undefined) {
      const { host, port } = probe.tcpSocket;
      const number = probePort(port, input.container);
      if (typeof number === 'string') return { outcome: 'error', state: 'unknown', message: number };
      return tcpConnect(host === undefined || host === '' ? input.podIp : host, number, timeoutMs);
    }
    if (probe.grpc !== undefined) {
      const { port, service = '' } = probe.grpc;
      return grpcHealth({ host: input.podIp, port, service, timeoutSeconds: input.timeoutSeconds });
    }
    return { outcome: 'error', state: 'unknown', message: `missing probe handler for container ${input.container.name}` };
  };
