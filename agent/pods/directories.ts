/** Where the agent keeps what belongs to a pod. The layout is a kubelet's, since other tools read it. */
import { join } from 'node:path';
import type { Pod } from '../../functions/kube/generated/types.ts';
import { nameOf, namespaceOf, uidOf } from '../../functions/kube/object.ts';

export interface Directories {
  readonly root: string;
  readonly pods: string;
  readonly pod: (podUid: string) => string;
  readonly volume: (podUid: string, plugin: string, volumeName: string) => string;
  /** What is known of the pod's volumes. */
  readonly volumeRecords: (podUid: string) => string;
  /** Where a container's part of a volume is mounted. */
  readonly subPath: (podUid: string, volumeName: string, containerName: string, index: number) => string;
  /** What is attached once for all pods of the node. */
  readonly staged: string;
  /** Where directories are moved to be emptied. */
  readonly trash: string;
  readonly hostsFile: (podUid: string) => string;
  /** The file into which a container may write its termination message. */
  readonly terminationLog: (podUid: string, containerName: string, attempt: number) => string;
  readonly logs: string;
  /** Links to the containers' logs, for those who collect them. */
  readonly containerLogs: string;
  readonly podLogs: (pod: Pod) => string;
  /** Where drivers of volumes and of devices announce themselves. */
  readonly pluginRegistry: string;
  readonly devicePlugins: string;
  /** The socket that lists which devices pods hold. */
  readonly podResources: string;
  readonly servingCertificate: string;
  readonly seccomp: string;
  readonly network: string;
  readonly apiService: string;
  readonly checkpoint: string;
  /** Where older agents kept it, readable: it is removed. */
  readonly clearCheckpoint: string;
}

/** Relative to the pod's log directory. */
export const containerLogPath = (containerName: string, attempt: number): string => join(containerName, `${attempt}.log`);

export interface LogDirectories {
  readonly podLogDirectory?: string;
  readonly containerLogDirectory?: string;
}

export function directories(root: string, elsewhere: LogDirectories = {}): Directories {
  const pods = join(root, 'pods');
  const logs = elsewhere.podLogDirectory ?? join(root, 'logs');
  const pod = (uid: string): string => join(pods, uid);
  return {
    root,
    pods,
    pod,
    volumeRecords: (uid) => join(pod(uid), 'plugins'),
    subPath: (uid, volume, container, index) => join(pod(uid), 'volume-subpaths', volume, container, String(index)),
    staged: join(root, 'plugins'),
    trash: join(root, 'trash'),
    volume: (uid, plugin, name) => join(pod(uid), 'volumes', plugin.replace('/', '~'), name),
    hostsFile: (uid) => join(pod(uid), 'etc-hosts'),
    terminationLog: (uid, container, attempt) => join(pod(uid), 'containers', container, String(attempt)),
    logs,
    containerLogs: elsewhere.containerLogDirectory ?? join(root, 'container-logs'),
    podLogs: (of) => join(logs, `${namespaceOf(of)}_${nameOf(of)}_${uidOf(of)}`),
    pluginRegistry: join(root, 'plugins_registry'),
    devicePlugins: join(root, 'device-plugins'),
    podResources: join(root, 'pod-resources'),
    servingCertificate: join(root, 'pki', 'kubelet-server-current.pem'),
    seccomp: join(root, 'seccomp'),
    network: join(root, 'network'),
    apiService: join(root, 'api-service'),
    checkpoint: join(root, 'checkpoint', 'desired-state'),
    clearCheckpoint: join(root, 'checkpoint.json'),
  };
}
