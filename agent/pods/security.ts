/** Security contexts of pod and container as the runtime takes them. Pure. Source: pkg/kubelet/kuberuntime/security_context.go */
import type { Container, Pod, SeccompProfile } from '../../functions/kube/generated/types.ts';
import type { ContainerSecurity, Image, NamespaceOptions, SecurityProfile } from '../runtime/runtime.ts';
import { ContainerConfigError } from './lookup.ts';
import { podText, specOf } from './pod-facts.ts';

/** Source: pkg/securitycontext/util.go */
const maskedPaths = [
  '/proc/asound',
  '/proc/acpi',
  '/proc/interrupts',
  '/proc/kcore',
  '/proc/keys',
  '/proc/latency_stats',
  '/proc/timer_list',
  '/proc/timer_stats',
  '/proc/sched_debug',
  '/proc/scsi',
  '/sys/firmware',
  '/sys/devices/virtual/powercap',
];
const readonlyPaths = ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger'];

export function namespacesOf(pod: Pod): NamespaceOptions {
  const spec = specOf(pod);
  const pid = spec.hostPID === true ? 'NODE' : spec.shareProcessNamespace === true ? 'POD' : 'CONTAINER';
  return { network: spec.hostNetwork === true ? 'NODE' : 'POD', pid, ipc: spec.hostIPC === true ? 'NODE' : 'POD' };
}

/** `seccompDirectory` is where profiles of type Localhost are looked for. */
export function seccompOf(profile: SeccompProfile | undefined, seccompDirectory: string): SecurityProfile {
  if (profile?.type === 'RuntimeDefault') return { profileType: 'RuntimeDefault', localhostRef: '' };
  if (profile?.type === 'Localhost')
    return { profileType: 'Localhost', localhostRef: `${seccompDirectory}/${profile.localhostProfile ?? ''}` };
  return { profileType: 'Unconfined', localhostRef: '' };
}

function assertNotRoot(pod: Pod, container: Container, image: Image | undefined): void {
  const own = container.securityContext;
  const shared = specOf(pod).securityContext;
  if ((own?.runAsNonRoot ?? shared?.runAsNonRoot) !== true) return;
  const uid = own?.runAsUser ?? shared?.runAsUser;
  const where = `(pod: "${podText(pod)}", container: ${container.name})`;
  if (uid === 0) throw new ContainerConfigError(`container's runAsUser breaks non-root policy ${where}`);
  if (uid !== undefined || image === undefined) return;
  if (image.uid === undefined && image.username !== '') {
    throw new ContainerConfigError(
      `container has runAsNonRoot and image has non-numeric user (${image.username}), cannot verify user is non-root ${where}`,
    );
  }
  if ((image.uid ?? 0) === 0) throw new ContainerConfigError(`container has runAsNonRoot and image will run as root ${where}`);
}

export function supplementalGroupsOf(pod: Pod): readonly number[] {
  const shared = specOf(pod).securityContext;
  return [...(shared?.fsGroup === undefined ? [] : [shared.fsGroup]), ...(shared?.supplementalGroups ?? [])];
}

export function containerSecurity(pod: Pod, container: Container, image: Image | undefined, seccompDirectory: string): ContainerSecurity {
  assertNotRoot(pod, container, image);
  const own = container.securityContext;
  const shared = specOf(pod).securityContext;
  const privileged = own?.privileged === true;
  const unmasked = privileged || own?.procMount === 'Unmasked';
  return {
    namespaces: namespacesOf(pod),
    privileged,
    runAsUser: own?.runAsUser ?? shared?.runAsUser,
    runAsGroup: own?.runAsGroup ?? shared?.runAsGroup,
    supplementalGroups: supplementalGroupsOf(pod),
    readonlyRootfs: own?.readOnlyRootFilesystem === true,
    noNewPrivileges: own?.allowPrivilegeEscalation === false,
    addCapabilities: own?.capabilities?.add ?? [],
    dropCapabilities: own?.capabilities?.drop ?? [],
    seccomp: seccompOf(privileged ? undefined : (own?.seccompProfile ?? shared?.seccompProfile), seccompDirectory),
    maskedPaths: unmasked ? [] : maskedPaths,
    readonlyPaths: unmasked ? [] : readonlyPaths,
  };
}
