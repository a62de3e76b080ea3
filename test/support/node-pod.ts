/** Pods and what a runtime has of them, as the agent's tests describe them: the bare noun, with what matters. */
import type { Container, Pod, PodSpec } from '../../functions/kube/generated/types.ts';
import type { ContainerStatus, SandboxStatus } from '../../agent/runtime/runtime.ts';

export const nowMs = Date.UTC(2026, 0, 1);

export const container = (name: string, more: Partial<Container> = {}): Container => ({ name, image: `${name}:v1`, ...more });

export const pod = (spec: Partial<PodSpec> = {}, metadata: Pod['metadata'] = {}): Pod => ({
  metadata: { name: 'web', namespace: 'default', uid: 'u1', ...metadata },
  spec: { containers: [container('main')], restartPolicy: 'Always', ...spec },
});

export const sandbox = (more: Partial<SandboxStatus> = {}): SandboxStatus => ({
  id: 's0',
  podUid: 'u1',
  podName: 'web',
  podNamespace: 'default',
  attempt: 0,
  ready: true,
  createdAtMs: nowMs - 60_000,
  annotations: {},
  ips: ['10.0.0.2'],
  ...more,
});

export const running = (name: string, more: Partial<ContainerStatus> = {}): ContainerStatus => ({
  id: `${name}-${more.attempt ?? 0}`,
  sandboxId: 's0',
  podUid: 'u1',
  name,
  attempt: 0,
  state: 'running',
  createdAtMs: nowMs - 50_000 + (more.attempt ?? 0),
  startedAtMs: nowMs - 50_000,
  finishedAtMs: 0,
  annotations: {},
  exitCode: 0,
  reason: '',
  message: '',
  image: `${name}:v1`,
  imageRef: `sha256:${name}`,
  logPath: '/log',
  ...more,
});

export const exited = (name: string, exitCode: number, more: Partial<ContainerStatus> = {}): ContainerStatus =>
  running(name, { state: 'exited', exitCode, reason: exitCode === 0 ? 'Completed' : 'Error', finishedAtMs: nowMs - 1000, ...more });
