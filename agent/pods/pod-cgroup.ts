/**
 * Where a pod's processes are counted and limited: the parent that the runtime is given, as its cgroup driver names it.
 * Pure. Source: pkg/kubelet/cm/cgroup_manager_linux.go (ToSystemd, ToCgroupfs), pkg/kubelet/cm/pod_container_manager_linux.go
 */
import type { Pod } from '../../functions/kube/generated/types.ts';
import { uidOf } from '../../functions/kube/object.ts';
import type { CgroupDriver } from '../runtime/runtime.ts';

export interface CgroupPlace {
  /** The cgroup below which pods get theirs; '' for the root. */
  readonly root: string;
  readonly driver: CgroupDriver;
}

const classNames: Readonly<Record<string, readonly string[]>> = { BestEffort: ['besteffort'], Burstable: ['burstable'] };

/** Each of systemd's slices is inside the one that its name begins with: a-b.slice inside a.slice. */
function slicePath(names: readonly string[]): string {
  const escaped = names.map((name) => name.replaceAll('-', '_'));
  return escaped.map((_, index) => `/${escaped.slice(0, index + 1).join('-')}.slice`).join('');
}

function cgroupOf({ root, driver }: CgroupPlace, below: readonly string[]): string {
  const names = [...root.split('/').filter((name) => name !== ''), 'kubepods', ...below];
  return driver === 'systemd' ? slicePath(names) : `/${names.join('/')}`;
}

export const podCgroup = (place: CgroupPlace, pod: Pod): string =>
  cgroupOf(place, [...(classNames[pod.status?.qosClass ?? ''] ?? []), `pod${uidOf(pod)}`]);

/** Wherever the pod's class of service may have put it. */
export const possibleCgroups = (place: CgroupPlace, podUid: string): string[] =>
  [[], ...Object.values(classNames)].map((className) => cgroupOf(place, [...className, `pod${podUid}`]));

/** Those of all pods of a class of service, and the one above them last. */
export const classCgroups = (place: CgroupPlace): string[] =>
  [...Object.values(classNames), []].map((className) => cgroupOf(place, className));
