/** postStart and preStop. Source: pkg/kubelet/lifecycle/handlers.go */
import type { Container, LifecycleHandler } from '../../functions/kube/generated/types.ts';
import type { Clock } from '../../functions/world.ts';
import { httpGet, portNumber, tcpConnect } from '../probes/checks.ts';
import type { Runtime } from '../runtime/runtime.ts';

export class HookError extends Error {
  override name = 'HookError';
}

export interface HookRun {
  readonly handler: LifecycleHandler;
  readonly container: Container;
  readonly containerId: string;
  readonly podIp: string;
  /** A hook that takes longer is left alone. */
  readonly timeoutSeconds: number;
}

const outputCharsMax = 1024;

async function runExec(runtime: Runtime, run: HookRun, command: readonly string[]): Promise<void> {
  const result = await runtime.execSync(run.containerId, command, run.timeoutSeconds);
  if (result.exitCode === 0) return;
  const output = Buffer.concat([result.stdout, result.stderr]).toString('utf8').slice(0, outputCharsMax);
  throw new HookError(`command '${command.join(' ')}' exited with ${result.exitCode}: ${output}`);
}

export async function runHook(runtime: Runtime, clock: Clock, run: HookRun): Promise<void> {
  const { handler, container } = run;
  const timeoutMs = run.timeoutSeconds * 1000;
  if (handler.exec !== undefined) return runExec(runtime, run, handler.exec.command ?? []);
  if (handler.sleep !== undefined) return clock.sleep(Math.min(handler.sleep.seconds * 1000, timeoutMs));
  if (handler.httpGet !== undefined) {
    const result = await httpGet(handler.httpGet, { container, podIp: run.podIp, timeoutMs });
    if (result.outcome === 'failure' || result.outcome === 'error') throw new HookError(result.message);
  }
  if (handler.tcpSocket !== undefined) {
    const port = portNumber(handler.tcpSocket.port, container);
    const result = await tcpConnect(handler.tcpSocket.host ?? run.podIp, port, timeoutMs);
    if (result.outcome === 'failure') throw new HookError(result.message);
  }
}
