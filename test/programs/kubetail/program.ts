/** Follows the logs of all pods of a label at once. */
import type { Program } from '../program.ts';
import { withOwnKubeconfig } from '../own-kubeconfig.ts';
import { allTalked, talkingPods } from '../talking-pods.ts';

/** Its script joins commands by `&`, which bash since 5.2 reads as the text that it replaces. */
const bash = ['bash', '+O', 'patsub_replacement'];

export const kubetail: Program = {
  name: 'kubetail',
  versions: ['1.6.20'],
  proves: 'follows both containers of both pods of a label at once',
  source: { kind: 'debian', package: 'kubetail', programs: ['kubetail'] },
  controllers: [],
  install: () => Promise.resolve(),

  async use(stand, { id }, version) {
    const { apply, kubectl } = stand;
    await apply(talkingPods(id));
    await kubectl.ok('rollout', 'status', `deployment/${id}`, '--timeout=240s');
    const pods = (await kubectl.ok('get', 'pods', '-l', `app=${id}`, '-o', 'jsonpath={.items[*].metadata.name}')).split(' ');
    // It follows without end; what it printed within seconds is what counts.
    const followed = ['timeout', '--preserve-status', '--signal=INT', '15', ...bash, stand.program('kubetail', version), '-l', `app=${id}`];
    const output = await withOwnKubeconfig(stand, id)(['sh', '-c', '"$@" || true', 'sh', ...followed]);
    if (!allTalked(output, pods)) throw new Error(`it shows of ${pods.join()} only ${output}`);
    await kubectl.ok('delete', 'deployment', id);
  },

  remove: () => Promise.resolve(),
};
