/** Takes every pod off the runtime, and with `images` what only pods needed. */
import type { Runtime } from '../runtime/runtime.ts';

/** Pods were asked to move before: those that are left have this long. */
const graceSeconds = 10;

export async function removePods(runtime: Runtime, { images }: { readonly images: boolean }): Promise<number> {
  const containers = await runtime.listContainers();
  await Promise.all(containers.filter(({ state }) => state === 'running').map(({ id }) => runtime.stopContainer(id, graceSeconds)));
  for (const { id } of containers) await runtime.removeContainer(id);
  const sandboxes = await runtime.listSandboxes();
  for (const { id } of sandboxes) {
    await runtime.stopSandbox(id);
    await runtime.removeSandbox(id);
  }
  if (images) for (const { id } of await runtime.listImages()) await runtime.removeImage(id);
  return sandboxes.length;
}
