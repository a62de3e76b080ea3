/** Source: pkg/registry/core/persistentvolumeclaim/strategy.go; pkg/api/persistentvolumeclaim/util.go. */
import type { PersistentVolumeClaim, PersistentVolumeClaimSpec } from '../../../kube/generated/types.ts';

export function prepareForCreate(claim: PersistentVolumeClaim): void {
  claim.status = { phase: 'Pending' };
  dropOtherNamespace(claim.spec);
  dropUnknownSource(claim.spec);
  alignSources(claim.spec);
}

export function prepareForUpdate({ spec }: PersistentVolumeClaim, current: PersistentVolumeClaim): void {
  if (current.spec.dataSourceRef === undefined) dropOtherNamespace(spec);
  const isLeft = current.spec.dataSource === undefined && current.spec.dataSourceRef === undefined;
  if (isLeft || current.spec.dataSource === undefined) dropUnknownSource(spec, current.spec);
  alignSources(spec);
}

/** Sources in other namespaces are behind a feature gate that is off. */
function dropOtherNamespace(spec: PersistentVolumeClaimSpec): void {
  if (spec.dataSourceRef?.namespace) delete spec.dataSourceRef;
}

/** The older field takes claims and snapshots only, and drops what else it is given. */
function dropUnknownSource(spec: PersistentVolumeClaimSpec, current?: PersistentVolumeClaimSpec): void {
  if (current?.dataSource !== undefined || spec.dataSource === undefined || spec.dataSourceRef !== undefined) return;
  const { kind, apiGroup } = spec.dataSource;
  const isClaim = kind === 'PersistentVolumeClaim' && !apiGroup;
  const isSnapshot = kind === 'VolumeSnapshot' && apiGroup === 'snapshot.storage.k8s.io';
  if (!isClaim && !isSnapshot) delete spec.dataSource;
}

/** Each of the two fields holds what the other holds. */
function alignSources(spec: PersistentVolumeClaimSpec): void {
  if (spec.dataSource !== undefined && spec.dataSourceRef === undefined) spec.dataSourceRef = { ...spec.dataSource };
  else if (spec.dataSourceRef !== undefined && spec.dataSource === undefined && !spec.dataSourceRef.namespace) {
    spec.dataSource = { ...spec.dataSourceRef };
  }
}

/** Creation clears the status after defaults were set, so that the phase is stored only with the first update. */
export const isFilledAsRead = (): boolean => true;
