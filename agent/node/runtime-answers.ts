/** What the runtime answers about itself, asked no more often than a kubelet asks. */
import type { Clock } from '../../functions/world.ts';
import type { Runtime, RuntimeReadiness, RuntimeVersion } from '../runtime/runtime.ts';

export interface RuntimeAnswers {
  readonly version: RuntimeVersion;
  readonly readiness: RuntimeReadiness;
}

export interface RuntimeAnswersOptions {
  readonly runtime: Pick<Runtime, 'version' | 'readiness'>;
  readonly clock: Pick<Clock, 'monotonicMs'>;
}

/** Source: pkg/kubelet/kubelet.go (syncLoop, updateRuntimeUp) */
const readyMs = 5000;
/** Source: pkg/kubelet/kuberuntime/kuberuntime_manager.go (versionCacheTTL) */
const versionMs = 60_000;

/** The answer of a ready runtime holds for some seconds. One that is not ready, or does not answer, is asked each time. */
export function createRuntimeAnswers({ runtime, clock }: RuntimeAnswersOptions): () => Promise<RuntimeAnswers> {
  let last: (RuntimeAnswers & { readonly askedMs: number; readonly versionMs: number }) | undefined;
  return async () => {
    const nowMs = clock.monotonicMs();
    if (last !== undefined && isReady(last.readiness) && nowMs - last.askedMs < readyMs) return last;
    const before = last;
    last = undefined;
    const isVersionOld = before === undefined || nowMs - before.versionMs >= versionMs;
    const version = isVersionOld ? await runtime.version() : before.version;
    const readiness = await runtime.readiness();
    last = { version, readiness, askedMs: nowMs, versionMs: isVersionOld ? nowMs : before.versionMs };
    return last;
  };
}

const isReady = ({ runtime, network }: RuntimeReadiness): boolean => runtime.ready && network.ready;
