/** Follows the logs of all pods whose names match, those of containers that match among them. */
import { withOwnKubeconfig } from '../own-kubeconfig.ts';
import type { Program } from '../program.ts';
import { allTalked, talkingPods } from '../talking-pods.ts';

export const stern: Program = {
  name: 'stern',
  versions: ['v1.33.0'],
  proves: 'shows both containers of both pods of a Deployment, and one of them where only that is asked for',
  source: { kind: 'go', path: 'github.com/stern/stern', packages: { stern: '.' } },
  controllers: [],
  install: () => Promise.resolve(),

  async use(stand, { id }, version) {
    const { apply, kubectl, program } = stand;
    await apply(talkingPods(id));
    await kubectl.ok('rollout', 'status', `deployment/${id}`, '--timeout=240s');
    const pods = (await kubectl.ok('get', 'pods', '-l', `app=${id}`, '-o', 'jsonpath={.items[*].metadata.name}')).split(' ');
    const show = (...args: string[]): Promise<string> =>
      withOwnKubeconfig(stand, id)([program('stern', version), `deployment/${id}`, '--no-follow', '--color=never', ...args]);
    const all = await show();
    if (!allTalked(all, pods)) throw new Error(`it shows of ${pods.join()} only ${all}`);
    const left = await show('--container=left');
    if (!left.includes(`left of ${pods[0]}`) || left.includes('right of')) throw new Error(`of the left containers it shows ${left}`);
    await kubectl.ok('delete', 'deployment', id);
  },

  remove: () => Promise.resolve(),
};
