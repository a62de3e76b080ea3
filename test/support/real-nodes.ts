/** Whether this machine can run real nodes, for tests that need them: a reason to skip, or false. */
import { buildImages } from '../../infra/images/build.ts';
import { canRunContainers } from '../../infra/local/hosts/can-run-containers.ts';

export async function reasonToSkipContainers(): Promise<string | false> {
  const able = await canRunContainers();
  return able.ok ? false : `real containers cannot run here: ${able.why}`;
}

/** The archives of the images that the manifests name. */
export async function imageFiles(): Promise<readonly string[]> {
  return (await buildImages()).map(({ file }) => file);
}
