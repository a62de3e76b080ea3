/** A container of a pod as the runtime takes it. Pure: everything it needs is in the input. Source: pkg/kubelet/kubelet_pods.go */
import { posix } from 'node:path';
import type { Container, Pod, VolumeMount } from '../../functions/kube/generated/types.ts';
import { nameOf, namespaceOf, uidOf } from '../../functions/kube/object.ts';
import {
  containerNameLabel,
  podNameLabel,
  podNamespaceLabel,
  podUidLabel,
  type ContainerConfig,
  type ContainerSecurity,
  type Image,
  type RuntimeMount,
} from '../runtime/runtime.ts';
import type { PodVolume, PodVolumes } from '../volumes/volumes.ts';
import { noGrant, type DeviceGrant } from '../devices/device-pool.ts';
import { containerResources } from './container-resources.ts';
import { containerLogPath, type Directories } from './directories.ts';
import { environmentOf, expand, type EnvironmentInput } from './environment.ts';
import { ContainerConfigError } from './lookup.ts';
import { isRecursivelyReadOnly } from './node-features.ts';
import { isHostNetwork } from './pod-facts.ts';
import { containerSecurity } from './security.ts';
import { specHash, specHashAnnotation } from './spec-hash.ts';

export interface ContainerConfigInput extends EnvironmentInput {
  readonly attempt: number;
  readonly image: Image | undefined;
  readonly directories: Directories;
  readonly memoryCapacityBytes: number;
  /** For an ephemeral container: the one whose processes it is to see. */
  readonly targetContainerId?: string;
  readonly volumes: PodVolumes;
  /** Whether the runtime can make mounts read-only with all that is below them. */
  readonly hasRecursiveReadOnly: boolean;
  /** Where the parts of volumes that are mounted alone are on the host, by the index of their mount. */
  readonly subPaths: ReadonlyMap<number, string>;
  /** What plug-ins of the node give the container with its devices. */
  readonly devices?: DeviceGrant | undefined;
}

const terminationMessagePathDefault = '/dev/termination-log';

const propagations: Readonly<Record<string, RuntimeMount['propagation']>> = {
  HostToContainer: 'PROPAGATION_HOST_TO_CONTAINER',
  Bidirectional: 'PROPAGATION_BIDIRECTIONAL',
};

/** The part of a volume that a container mounts alone. */
export interface MountedPart {
  /** The mount's index among the container's mounts. */
  readonly index: number;
  readonly volumeName: string;
  readonly volumePath: string;
  /** Relative to the volume, without `..`. */
  readonly path: string;
}

function subPathOf(mount: VolumeMount, values: ReadonlyMap<string, string>): string {
  const subPath = mount.subPathExpr === undefined || mount.subPathExpr === '' ? (mount.subPath ?? '') : expand(mount.subPathExpr, values);
  if (posix.isAbsolute(subPath)) throw new ContainerConfigError(`error SubPath \`${subPath}\` must not be an absolute path`);
  if (subPath.split('/').includes('..'))
    throw new ContainerConfigError(`unable to provision SubPath \`${subPath}\`: must not contain '..'`);
  return subPath;
}

function volumeOf({ container, volumes }: Pick<ContainerConfigInput, 'container' | 'volumes'>, { name }: VolumeMount): PodVolume {
  const volume = volumes.get(name);
  if (volume === undefined) throw new ContainerConfigError(`cannot find volume "${name}" to mount into container "${container.name}"`);
  return volume;
}

export function partsOfVolumes(input: EnvironmentInput & Pick<ContainerConfigInput, 'volumes'>): MountedPart[] {
  const mounts = input.container.volumeMounts ?? [];
  if (mounts.every(({ subPath = '', subPathExpr = '' }) => subPath === '' && subPathExpr === '')) return [];
  const values = environmentOf(input);
  return mounts.flatMap((mount, index) => {
    const path = subPathOf(mount, values);
    return path === '' ? [] : [{ index, volumeName: mount.name, volumePath: volumeOf(input, mount).path, path }];
  });
}

function mountOf(input: ContainerConfigInput, asked: VolumeMount, index: number): RuntimeMount {
  const volume = volumeOf(input, asked);
  const mount = volume.isMountedReadOnly === true ? { ...asked, readOnly: false } : asked;
  return {
    containerPath: posix.isAbsolute(mount.mountPath) ? mount.mountPath : posix.join('/', mount.mountPath),
    hostPath: input.subPaths.get(index) ?? volume.path,
    readonly: mount.readOnly === true || volume.isReadOnly,
    recursiveReadOnly: isRecursivelyReadOnly(mount, input.hasRecursiveReadOnly),
    propagation: propagations[mount.mountPropagation ?? ''] ?? 'PROPAGATION_PRIVATE',
  };
}

function mountsOf(input: ContainerConfigInput): RuntimeMount[] {
  const { pod, container, attempt, devices = noGrant } = input;
  const own = (container.volumeMounts ?? []).map((mount, index) => mountOf(input, mount, index));
  const file = (containerPath: string, hostPath: string): RuntimeMount => ({
    containerPath,
    hostPath,
    readonly: false,
    recursiveReadOnly: false,
    propagation: 'PROPAGATION_PRIVATE',
  });
  const hasHosts = own.some(({ containerPath }) => containerPath === '/etc/hosts');
  const hosts = hasHosts || isHostNetwork(pod) ? [] : [file('/etc/hosts', input.directories.hostsFile(uidOf(pod)))];
  const lastWords = input.directories.terminationLog(uidOf(pod), container.name, attempt);
  const ofDevices = devices.mounts.map(({ readOnly, ...mount }) => ({ ...file(mount.containerPath, mount.hostPath), readonly: readOnly }));
  return [...own, ...ofDevices, ...hosts, file(container.terminationMessagePath ?? terminationMessagePathDefault, lastWords)];
}

export function containerConfig(input: ContainerConfigInput): ContainerConfig {
  const { pod, container, attempt, devices = noGrant } = input;
  const values = environmentOf(input);
  const expanded = (words: readonly string[] | undefined): string[] => (words ?? []).map((word) => expand(word, values));
  return {
    name: container.name,
    attempt,
    image: container.image ?? '',
    command: expanded(container.command),
    args: expanded(container.args),
    workingDir: container.workingDir ?? '',
    env: [...values, ...Object.entries(devices.env)].map(([name, value]) => ({ name, value })),
    mounts: mountsOf(input),
    labels: labelsOfContainer(pod, container),
    annotations: { ...devices.annotations, [specHashAnnotation]: specHash(container) },
    devices: devices.devices,
    cdiDevices: devices.cdiDevices,
    logPath: containerLogPath(container.name, attempt),
    stdin: container.stdin === true,
    stdinOnce: container.stdinOnce === true,
    tty: container.tty === true,
    resources: containerResources(pod, container, input.memoryCapacityBytes),
    security: securityOf(input),
  };
}

function securityOf({ pod, container, image, directories, targetContainerId: targetId }: ContainerConfigInput): ContainerSecurity {
  const security = containerSecurity(pod, container, image, directories.seccomp);
  return targetId === undefined ? security : { ...security, namespaces: { ...security.namespaces, pid: 'TARGET', targetId } };
}

const labelsOfContainer = (pod: Pod, container: Container): Record<string, string> => ({
  [podNameLabel]: nameOf(pod),
  [podNamespaceLabel]: namespaceOf(pod),
  [podUidLabel]: uidOf(pod),
  [containerNameLabel]: container.name,
});
