/** What this node can enforce, and what a pod asks to be enforced that it cannot. Pure. */
import type { Container, Pod, VolumeMount } from '../../functions/kube/generated/types.ts';
import { annotationsOf } from '../../functions/kube/object.ts';
import type { RuntimeFeatures, RuntimeHandler } from '../runtime/runtime.ts';
import { ContainerConfigError } from './lookup.ts';
import { containersOf, specOf } from './pod-facts.ts';
import { isLinkLocal } from '../../functions/kube/special-ip.ts';
import { forbiddenSysctl } from './sysctls.ts';

export interface NodeFeatures extends RuntimeFeatures {
  readonly appArmor: boolean;
}

export interface Rejection {
  readonly reason: string;
  readonly message: string;
}

const appArmorAnnotation = 'container.apparmor.security.beta.kubernetes.io/';

export type AppArmorProfile = NonNullable<NonNullable<Container['securityContext']>['appArmorProfile']>;

function annotatedProfile(pod: Pod, containerName: string): AppArmorProfile | undefined {
  const value = annotationsOf(pod)[`${appArmorAnnotation}${containerName}`];
  if (value === 'runtime/default') return { type: 'RuntimeDefault' };
  if (value === 'unconfined') return { type: 'Unconfined' };
  return value?.startsWith('localhost/') === true ? { type: 'Localhost', localhostProfile: value.slice('localhost/'.length) } : undefined;
}

/** Source: pkg/security/apparmor/helpers.go (GetProfile) */
export const appArmorProfileOf = (pod: Pod, { name, securityContext }: Container): AppArmorProfile | undefined =>
  securityContext?.appArmorProfile ?? annotatedProfile(pod, name) ?? specOf(pod).securityContext?.appArmorProfile;

function appArmorProblem(pod: Pod, { appArmor }: NodeFeatures): string | undefined {
  const profiles = [
    specOf(pod).securityContext?.appArmorProfile,
    ...containersOf(pod).map((container) => appArmorProfileOf(pod, container)),
  ].filter((profile) => profile !== undefined && profile.type !== 'Unconfined');
  if (profiles.length === 0) return undefined;
  if (!appArmor) return 'AppArmor is not enabled on the host';
  const isNameless = profiles.some((profile) => profile?.type === 'Localhost' && (profile.localhostProfile ?? '').trim() === '');
  return isNameless ? 'invalid empty AppArmor profile name' : undefined;
}

/** A link-local address at which the pod wants a port of the host. */
const stolenAddress = (pod: Pod): string | undefined =>
  containersOf(pod)
    .flatMap(({ ports }) => ports ?? [])
    .find(({ hostPort = 0, hostIP = '' }) => hostPort > 0 && isLinkLocal(hostIP))?.hostIP;

/** Why the node refuses the pod for good. Source: pkg/kubelet/lifecycle/handlers.go, predicate.go; pkg/kubelet/sysctl */
export function podRejection(pod: Pod, features: NodeFeatures | undefined): Rejection | undefined {
  const sysctl = forbiddenSysctl(pod);
  if (sysctl !== undefined) return { reason: 'SysctlForbidden', message: sysctl };
  const address = stolenAddress(pod);
  // Ours: a port of that address would take the packets which other pods send to the machine's metadata service.
  if (address !== undefined) return { reason: 'HostIPForbidden', message: `forbidden hostIP: ${address} is link-local` };
  const { os, securityContext } = specOf(pod);
  if (os?.name !== undefined && os.name !== 'linux') {
    return { reason: 'PodOSNotSupported', message: "Failed to admit pod as the OS field doesn't match node OS" };
  }
  if (features === undefined) return undefined;
  if (securityContext?.supplementalGroupsPolicy === 'Strict' && !features.supplementalGroupsPolicy) {
    const message = 'SupplementalGroupsPolicy=Strict is not supported in this node';
    return { reason: 'SupplementalGroupsPolicyNotSupported', message };
  }
  const appArmor = appArmorProblem(pod, features);
  return appArmor === undefined ? undefined : { reason: 'AppArmor', message: `Cannot enforce AppArmor: ${appArmor}` };
}

export const rejectionReasons: ReadonlySet<string> = new Set([
  'SysctlForbidden',
  'HostIPForbidden',
  'PodOSNotSupported',
  'SupplementalGroupsPolicyNotSupported',
  'AppArmor',
  'NodePorts',
]);

const noFeatures: Omit<RuntimeHandler, 'name'> = { recursiveReadOnlyMounts: false, userNamespaces: false };

export const handlerFeatures = (features: RuntimeFeatures | undefined, name: string): Omit<RuntimeHandler, 'name'> =>
  features?.handlers.find((handler) => handler.name === name) ?? noFeatures;

/** Why a sandbox with the handler cannot be made as the pod asks. Source: pkg/kubelet/userns/userns_manager.go */
export function userNamespaceProblem(pod: Pod, features: RuntimeFeatures, handler: string): string | undefined {
  if (specOf(pod).hostUsers !== false) return undefined;
  const asked = "can't set `spec.hostUsers: false`,";
  if (handlerFeatures(features, handler).userNamespaces) return `${asked} this node does not map users yet`;
  return handler === ''
    ? `${asked} runtime does not support user namespaces`
    : `${asked} RuntimeClass handler "${handler}" does not support user namespaces`;
}

/** Source: pkg/kubelet/kubelet_pods.go (resolveRecursiveReadOnly) */
export function isRecursivelyReadOnly(mount: VolumeMount, isSupported: boolean): boolean {
  const { name, readOnly = false, recursiveReadOnly: mode = 'Disabled', mountPropagation = 'None' } = mount;
  if (mode === 'Disabled') return false;
  const refuse = (why: string): never => {
    const message = `volume "${name}" requested recursive read-only mode, but it is ${why}`;
    throw new ContainerConfigError(`failed to resolve recursive read-only mode: ${message}`);
  };
  if (!readOnly) return refuse('not read-only');
  if (mountPropagation !== 'None') return refuse(`not compatible with propagation "${mountPropagation}"`);
  if (mode === 'IfPossible') return isSupported;
  return isSupported ? true : refuse('not supported by the runtime');
}
