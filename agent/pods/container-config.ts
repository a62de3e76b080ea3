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
import { containerResources } from './container-resources.ts';
import { containerLogPath, type Directories } from './directories.ts';
import { environmentOf, expand, type EnvironmentInput } from './environment.ts';
import { ContainerConfigError } from './lookup.ts';
import { isHostNetwork } from './pod-facts.ts';
import { containerSecurity } from './security.ts';
import { specHash, specHashAnnotation } from './spec-hash.ts';

export interface ContainerConfigInput extends EnvironmentInput {
  readonly attempt: number;
  readonly image: Image | undefined;
  readonly directories: Directories;
  readonly memoryCapacityBytes: number;
  /** Of an ephemeral container: the one whose processes it is to see. */
  readonly targetContainerId?: string;
  /** Where the pod's volumes are on the host, by name. */
  readonly volumePaths: ReadonlyMap<string, string>;
}

const terminationMessagePathDefault = '/dev/termination-log';

const propagations: Readonly<Record<string, RuntimeMount['propagation']>> = {
  HostToContainer: 'PROPAGATION_HOST_TO_CONTAINER',
  Bidirectional: 'PROPAGATION_BIDIRECTIONAL',
};

function mountOf(input: ContainerConfigInput, mount: VolumeMount, values: ReadonlyMap<string, string>): RuntimeMount {
  const volume = input.volumePaths.get(mount.name);
  if (volume === undefined)
    throw new ContainerConfigError(`cannot find volume "${mount.name}" to mount into container "${input.container.name}"`);
  const subPath = mount.subPathExpr === undefined || mount.subPathExpr === '' ? (mount.subPath ?? '') : expand(mount.subPathExpr, values);
  if (posix.isAbsolute(subPath)) throw new ContainerConfigError(`error SubPath \`${subPath}\` must not be an absolute path`);
  if (subPath.split('/').includes('..'))
    throw new ContainerConfigError(`unable to provision SubPath \`${subPath}\`: must not contain '..'`);
  return {
    containerPath: posix.isAbsolute(mount.mountPath) ? mount.mountPath : posix.join('/', mount.mountPath),
    hostPath: subPath === '' ? volume : posix.join(volume, subPath),
    readonly: mount.readOnly === true,
    propagation: propagations[mount.mountPropagation ?? ''] ?? 'PROPAGATION_PRIVATE',
  };
}

function mountsOf(input: ContainerConfigInput, values: ReadonlyMap<string, string>): RuntimeMount[] {
  const { pod, container, attempt } = input;
  const own = (container.volumeMounts ?? []).map((mount) => mountOf(input, mount, values));
  const file = (containerPath: string, hostPath: string): RuntimeMount => ({
    containerPath,
    hostPath,
    readonly: false,
    propagation: 'PROPAGATION_PRIVATE',
  });
  const hasHosts = own.some(({ containerPath }) => containerPath === '/etc/hosts');
  const hosts = hasHosts || isHostNetwork(pod) ? [] : [file('/etc/hosts', input.directories.hostsFile(uidOf(pod)))];
  const lastWords = input.directories.terminationLog(uidOf(pod), container.name, attempt);
  return [...own, ...hosts, file(container.terminationMessagePath ?? terminationMessagePathDefault, lastWords)];
}

export function containerConfig(input: ContainerConfigInput): ContainerConfig {
  const { pod, container, attempt } = input;
  const values = environmentOf(input);
  const expanded = (words: readonly string[] | undefined): string[] => (words ?? []).map((word) => expand(word, values));
  return {
    name: container.name,
    attempt,
    image: container.image ?? '',
    command: expanded(container.command),
    args: expanded(container.args),
    workingDir: container.workingDir ?? '',
    env: [...values].map(([name, value]) => ({ name, value })),
    mounts: mountsOf(input, values),
    labels: labelsOfContainer(pod, container),
    annotations: { [specHashAnnotation]: specHash(container) },
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
