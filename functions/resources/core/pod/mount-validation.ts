/** Where containers find volumes. Source: pkg/apis/core/validation/validation.go, ValidateVolumeMounts and ValidateVolumeDevices. */
import { type FieldError, duplicate, fieldNotFound, forbiddenField, invalid, notSupported, required } from '../../../kube/field-error.ts';
import type { Container, Volume, VolumeDevice, VolumeMount } from '../../../kube/generated/types.ts';
import { validateDescendingPath, validateNoBacksteps } from './file-path.ts';

/** Volumes of the pod by their name. */
export type PodVolumes = ReadonlyMap<string, Volume>;

const propagations = ['Bidirectional', 'HostToContainer', 'None'];
const bindOptions = ['nodev', 'noexec', 'nosuid'];
const recursions = ['Disabled', 'Enabled', 'IfPossible'];

export function validateMounts(container: Container, volumes: PodVolumes, path: string): FieldError[] {
  const devices = container.volumeDevices ?? [];
  const paths = new Set<string>();
  return (container.volumeMounts ?? []).flatMap((mount, index) => {
    const { name = '', mountPath = '' } = mount;
    const field = `${path}[${index}]`;
    const errors: FieldError[] = [];
    if (name === '') errors.push(required(`${field}.name`));
    if (!volumes.has(name)) errors.push(fieldNotFound(`${field}.name`, name));
    if (mountPath === '') errors.push(required(`${field}.mountPath`));
    if (paths.has(mountPath)) errors.push(invalid(`${field}.mountPath`, mountPath, 'must be unique'));
    paths.add(mountPath);
    if (devices.some((device) => device.name === name)) {
      errors.push(invalid(`${field}.name`, name, 'must not already exist in volumeDevices'));
    }
    if (devices.some((device) => device.devicePath === mountPath)) {
      errors.push(invalid(`${field}.mountPath`, mountPath, 'must not already exist as a path in volumeDevices'));
    }
    return [...errors, ...formErrors(mount, container, path), ...bindErrors(mount, volumes, `${field}.bindMountOptions`)];
  });
}

/** Upstream names these fields without the index of the mount, but for one. */
function formErrors(mount: VolumeMount, { securityContext }: Container, path: string): FieldError[] {
  const { subPath = '', subPathExpr = '', mountPropagation } = mount;
  const errors = subPath === '' ? [] : validateDescendingPath(subPath, `${path}.subPath`);
  if (subPathExpr !== '') errors.push(...validateDescendingPath(subPathExpr, `${path}.subPathExpr`));
  if (mountPropagation !== undefined) {
    if (!propagations.includes(mountPropagation)) errors.push(notSupported(`${path}.mountPropagation`, mountPropagation, propagations));
    if (mountPropagation === 'Bidirectional' && securityContext?.privileged !== true) {
      errors.push(forbiddenField(`${path}.mountPropagation`, 'Bidirectional mount propagation is available only to privileged containers'));
    }
  }
  return [...errors, ...recursionErrors(mount, `${path}.recursiveReadOnly`)];
}

function recursionErrors({ recursiveReadOnly, readOnly, mountPropagation = 'None' }: VolumeMount, field: string): FieldError[] {
  if (recursiveReadOnly === undefined || recursiveReadOnly === 'Disabled') return [];
  if (!recursions.includes(recursiveReadOnly)) return [notSupported(field, recursiveReadOnly, recursions)];
  return [
    ...(readOnly === true ? [] : [forbiddenField(field, 'may only be specified when readOnly is true')]),
    ...(mountPropagation === 'None' ? [] : [forbiddenField(field, 'may only be specified when mountPropagation is None or not specified')]),
  ];
}

function bindErrors({ name = '', bindMountOptions = [] }: VolumeMount, volumes: PodVolumes, field: string): FieldError[] {
  const seen = new Set<string>();
  const errors = bindMountOptions.flatMap((option, index) => {
    const found = bindOptions.includes(option) ? [] : [notSupported(`${field}[${index}]`, option, bindOptions)];
    if (seen.has(option)) found.push(duplicate(`${field}[${index}]`, option));
    seen.add(option);
    return found;
  });
  if (bindMountOptions.length === 0 || volumes.get(name)?.image === undefined) return errors;
  return [...errors, invalid(field, bindMountOptions, 'bindMountOptions may not be used with image volumes')];
}

export function validateDevices(container: Container, volumes: PodVolumes, path: string): FieldError[] {
  const mounts = container.volumeMounts ?? [];
  const [names, paths] = [new Set<string>(), new Set<string>()];
  return (container.volumeDevices ?? []).flatMap((device, index) => {
    const { name = '', devicePath = '' } = device;
    const field = `${path}[${index}]`;
    const errors = [...deviceNameErrors(device, volumes, { field, names }), ...devicePathErrors(device, paths, field)];
    if (mounts.some((mount) => mount.name === name)) {
      errors.push(invalid(`${field}.name`, name, 'must not already exist in volumeMounts'));
    }
    if (mounts.some(({ mountPath }) => mountPath === devicePath)) {
      errors.push(invalid(`${field}.devicePath`, devicePath, 'must not already exist as a path in volumeMounts'));
    }
    if (name !== '') names.add(name);
    return errors;
  });
}

function deviceNameErrors(
  { name = '' }: VolumeDevice,
  volumes: PodVolumes,
  { field, names }: { readonly field: string; readonly names: ReadonlySet<string> },
): FieldError[] {
  const volume = volumes.get(name);
  const errors = name === '' ? [required(`${field}.name`)] : [];
  if (names.has(name)) errors.push(invalid(`${field}.name`, name, 'must be unique'));
  if (volume === undefined) errors.push(fieldNotFound(`${field}.name`, name));
  else if (volume.persistentVolumeClaim === undefined && volume.ephemeral === undefined) {
    errors.push(invalid(`${field}.name`, name, 'can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode'));
  }
  return errors;
}

function devicePathErrors({ devicePath = '' }: VolumeDevice, paths: Set<string>, field: string): FieldError[] {
  const errors = devicePath === '' ? [required(`${field}.devicePath`)] : [];
  if (paths.has(devicePath)) errors.push(invalid(`${field}.devicePath`, devicePath, 'must be unique'));
  if (validateNoBacksteps(devicePath, field).length > 0) {
    errors.push(invalid(`${field}.devicePath`, devicePath, "can not contain backsteps ('..')"));
  } else paths.add(devicePath);
  return errors;
}
