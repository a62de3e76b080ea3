/** Reads what the runtime has of a pod. */
import { isRuntimeError, type ContainerStatus, type Runtime, type SandboxStatus } from '../runtime/runtime.ts';
import type { ObservedPod } from './observed-pod.ts';

const newestFirst = <T extends { readonly createdAtMs: number; readonly attempt: number }>(items: readonly T[]): T[] =>
  items.toSorted((a, b) => b.createdAtMs - a.createdAtMs || b.attempt - a.attempt);

/** What is removed between the list and its status counts as never listed. */
async function present<T>(promise: Promise<T>): Promise<readonly T[]> {
  try {
    return [await promise];
  } catch (error) {
    if (isRuntimeError(error, 'NotFound')) return [];
    throw error;
  }
}

export async function observePod(runtime: Runtime, podUid: string): Promise<ObservedPod> {
  const [sandboxes, containers] = await Promise.all([runtime.listSandboxes(podUid), runtime.listContainers(podUid)]);
  const sandboxStatuses = await Promise.all(
    sandboxes.map(({ id }): Promise<readonly SandboxStatus[]> => present(runtime.sandboxStatus(id))),
  );
  const statuses = await Promise.all(
    containers.map(async ({ id, sandboxId }): Promise<readonly ContainerStatus[]> => {
      const found = await present(runtime.containerStatus(id));
      return found.map((status) => ({ ...status, sandboxId }));
    }),
  );
  return { sandboxes: newestFirst(sandboxStatuses.flat()), containers: newestFirst(statuses.flat()) };
}

/** Which pods are on the runtime, each with a text that differs when something about it does. */
export async function runtimeFingerprints(runtime: Runtime): Promise<Map<string, string>> {
  const [sandboxes, containers] = await Promise.all([runtime.listSandboxes(), runtime.listContainers()]);
  const parts = new Map<string, string[]>();
  const add = (podUid: string, part: string): void => {
    parts.set(podUid, [...(parts.get(podUid) ?? []), part]);
  };
  for (const { podUid, id, ready } of sandboxes) add(podUid, `${id}=${ready}`);
  for (const { podUid, id, state } of containers) add(podUid, `${id}=${state}`);
  return new Map([...parts].map(([podUid, texts]) => [podUid, texts.toSorted().join(' ')]));
}
