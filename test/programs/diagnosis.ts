/** Pods, events and logs of a cluster, for the reader of a failure; by then the cluster is gone. */
import type { Kubectl } from '../support/kubectl.ts';

const linesMax = 200;

interface PodList {
  readonly items: readonly {
    readonly metadata: { readonly name: string; readonly namespace: string };
  }[];
}

export async function diagnosis(kubectl: Kubectl): Promise<string> {
  const answer = async (...args: string[]): Promise<string> => {
    const { stdout, stderr } = await kubectl.run(args);
    return `--- kubectl ${args.join(' ')}\n${(stdout + stderr).split('\n').slice(-linesMax).join('\n')}`;
  };
  const { items } = await kubectl.json<PodList>('get', 'pods', '-A');
  const logs: string[] = [];
  for (const { metadata } of items)
    logs.push(await answer('logs', '-n', metadata.namespace, metadata.name, '--all-containers', `--tail=${linesMax}`));
  const events = await answer('get', 'events', '-A', '--sort-by=.lastTimestamp');
  return [await answer('get', 'pods', '-A', '-o', 'wide'), events, ...logs].join('\n');
}
