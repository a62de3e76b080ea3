/** Where the agent keeps what belongs to a pod. The layout is the field's, since tools look there. */
import { join } from 'node:path';
import type { Pod } from '../../functions/kube/generated/types.ts';
import { nameOf, namespaceOf, uidOf } from '../../functions/kube/object.ts';

export interface Directories {
  readonly pod: (podUid: string) => string;
  readonly volume: (podUid: string, plugin: string, volumeName: string) => string;
  readonly hostsFile: (podUid: string) => string;
  /** The file a container may leave its last words in. */
  readonly terminationLog: (podUid: string, containerName: string, attempt: number) => string;
  readonly podLogs: (pod: Pod) => string;
  readonly seccomp: string;
  readonly checkpoint: string;
}

/** Relative to the pod's log directory. */
export const containerLogPath = (containerName: string, attempt: number): string => join(containerName, `${attempt}.log`);

export function directories(root: string): Directories {
  const pod = (uid: string): string => join(root, 'pods', uid);
  return {
    pod,
    volume: (uid, plugin, name) => join(pod(uid), 'volumes', plugin.replace('/', '~'), name),
    hostsFile: (uid) => join(pod(uid), 'etc-hosts'),
    terminationLog: (uid, container, attempt) => join(pod(uid), 'containers', container, String(attempt)),
    podLogs: (of) => join(root, 'logs', `${namespaceOf(of)}_${nameOf(of)}_${uidOf(of)}`),
    seccomp: join(root, 'seccomp'),
    checkpoint: join(root, 'checkpoint.json'),
  };
}
