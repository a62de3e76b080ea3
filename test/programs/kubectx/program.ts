/** kubectx and kubens change the kubeconfig; kubectl then shows what they chose. */
import type { Program } from '../program.ts';
import { withOwnKubeconfig } from '../own-kubeconfig.ts';

export const kubectx: Program = {
  name: 'kubectx',
  versions: ['0.9.5'],
  proves: 'kubens lists the namespaces and chooses one, which kubectl then uses; kubectx renames the context',
  source: { kind: 'debian', package: 'kubectx', programs: ['kubectx', 'kubens'] },
  controllers: [],
  install: () => Promise.resolve(),

  async use(stand, { id }, version) {
    const run = withOwnKubeconfig(stand, id);
    await run(['kubectl', 'create', 'namespace', id]);
    await run(['kubectl', 'create', 'configmap', 'found', '-n', id]);
    const listed = (await run([stand.program('kubens', version)])).split('\n');
    if (!listed.includes(id) || !listed.includes('kube-system')) throw new Error(`kubens lists ${listed.join()}`);
    await run([stand.program('kubens', version), id]);
    await run([stand.program('kubectx', version), `${id}-cluster=.`]);
    const chosen = (await run([stand.program('kubectx', version), '-c'])).trim();
    if (chosen !== `${id}-cluster`) throw new Error(`the context is ${chosen}`);
    await run(['kubectl', 'get', 'configmap', 'found']);
    await run(['kubectl', 'delete', 'namespace', id]);
  },

  remove: () => Promise.resolve(),
};
