/** Security contexts of pod and container as the runtime takes them. Pure. Source: pkg/kubelet/kuberuntime/security_context.go */
import type { Container, Pod, SeccompProfile, SELinuxOptions as SELinuxFields } from '../../functions/kube/generated/types.ts';
import type {
  ContainerSecurity,
  Image,
  NamespaceOptions,
  SecurityProfile,
  SELinuxOptions,
  SupplementalGroupsPolicy,
} from '../runtime/runtime.ts';
import { ContainerConfigError } from './lookup.ts';
import { appArmorProfileOf } from './node-features.ts';
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

/** The API refuses names that lead elsewhere; the node does not rely on that. */
function localhostProfile(name = ''): string {
  if (name === '') throw new ContainerConfigError('localhostProfile must be set if seccompProfile type is Localhost.');
  if (name.startsWith('/') || name.split('/').includes('..'))
    throw new ContainerConfigError(`localhostProfile "${name}" must be a path below the node's seccomp directory`);
  return name;
}

/** `seccompDirectory` holds the profiles of type Localhost. */
export function seccompOf(profile: SeccompProfile | undefined, seccompDirectory: string): SecurityProfile {
  if (profile?.type === 'RuntimeDefault') return { profileType: 'RuntimeDefault', localhostRef: '' };
  if (profile?.type === 'Localhost')
    return { profileType: 'Localhost', localhostRef: `${seccompDirectory}/${localhostProfile(profile.localhostProfile)}` };
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

export const supplementalGroupsPolicyOf = (pod: Pod): SupplementalGroupsPolicy =>
  specOf(pod).securityContext?.supplementalGroupsPolicy === 'Strict' ? 'Strict' : 'Merge';

/** Without SELinux on the host the runtime ignores them, as it does for kubelet. */
export function seLinuxOptionsOf(options: SELinuxFields | undefined): SELinuxOptions | undefined {
  if (options === undefined) return undefined;
  const { user = '', role = '', type = '', level = '' } = options;
  return { user, role, type, level };
}

const profileTypes = ['RuntimeDefault', 'Unconfined', 'Localhost'] as const;

function appArmorOf(pod: Pod, container: Container): SecurityProfile | undefined {
  const profile = appArmorProfileOf(pod, container);
  const profileType = profileTypes.find((type) => type === profile?.type);
  if (profileType === undefined) return undefined;
  return { profileType, localhostRef: profileType === 'Localhost' ? (profile?.localhostProfile ?? '') : '' };
}

/** Only a user namespace of its own keeps a container from using what is unmasked against the node. */
function assertMayUnmask(pod: Pod, { name, securityContext }: Container): void {
  if (securityContext?.procMount !== 'Unmasked' || specOf(pod).hostUsers === false) return;
  throw new ContainerConfigError(`container "${name}": \`hostUsers\` must be false to use \`Unmasked\``);
}

export function containerSecurity(pod: Pod, container: Container, image: Image | undefined, seccompDirectory: string): ContainerSecurity {
  assertNotRoot(pod, container, image);
  assertMayUnmask(pod, container);
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
    supplementalGroupsPolicy: supplementalGroupsPolicyOf(pod),
    appArmor: appArmorOf(pod, container),
    seLinuxOptions: seLinuxOptionsOf(own?.seLinuxOptions ?? shared?.seLinuxOptions),
    readonlyRootfs: own?.readOnlyRootFilesystem === true,
    noNewPrivileges: own?.allowPrivilegeEscalation === false,
    addCapabilities: own?.capabilities?.add ?? [],
    dropCapabilities: own?.capabilities?.drop ?? [],
    seccomp: seccompOf(privileged ? undefined : (own?.seccompProfile ?? shared?.seccompProfile), seccompDirectory),
    maskedPaths: unmasked ? [] : maskedPaths,
    readonlyPaths: unmasked ? [] : readonlyPaths,
  };
}
