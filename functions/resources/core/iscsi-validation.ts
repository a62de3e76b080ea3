/** Source: pkg/apis/core/validation/validation.go, validateISCSIVolumeSource and validateISCSIPersistentVolumeSource. */
import { type FieldError, invalid, required } from '../../kube/field-error.ts';
import type { ISCSIPersistentVolumeSource, ISCSIVolumeSource } from '../../kube/generated/types.ts';

const nameLengthMax = 64;
const patterns: Readonly<Record<string, RegExp>> = {
  iqn: /^iqn\.\d{4}-\d{2}\.([a-zA-Z0-9-.]+)(:[^,;*&$|\s]+)$/,
  eui: /^eui\.[a-zA-Z0-9]{16}$/,
  naa: /^naa\.[a-zA-Z0-9]{32}$/,
};

const starts = Object.keys(patterns);

function nameErrors(text: string, field: string, unknownStart: string): FieldError[] {
  const pattern = patterns[text.slice(0, 3)];
  if (pattern?.test(text) === true) return [];
  return [invalid(field, text, pattern === undefined ? unknownStart : badForm)];
}

const badForm = 'must be valid format';
const badStart = `${badForm} starting with ${starts.slice(0, -1).join(', ')}, or ${starts.at(-1)}`;

export const tooLongPortal =
  'Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified.';

export const isPortalTooLong = ({ initiatorName, targetPortal = '' }: ISCSIVolumeSource, volumeName: string): boolean =>
  initiatorName !== undefined && `${volumeName}:${targetPortal}`.length > nameLengthMax;

/** The source of a PersistentVolume, whose name initiators see beside the portal. */
export function validateIscsi(source: ISCSIPersistentVolumeSource, path: string, volumeName: string): FieldError[] {
  const { targetPortal = '', secretRef } = source;
  const errors = targetPortal === '' ? [required(`${path}.targetPortal`)] : [];
  if (isPortalTooLong(source as ISCSIVolumeSource, volumeName)) errors.push(invalid(`${path}.targetportal`, targetPortal, tooLongPortal));
  errors.push(...targetErrors(source, path, badForm));
  if (secretRef !== undefined && !secretRef.name) errors.push(required(`${path}.secretRef.name`));
  return [...errors, ...initiatorErrors(source, path, badForm)];
}

/** The source of a pod's volume. */
export const validatePodIscsi = (source: ISCSIVolumeSource, path: string): FieldError[] => [
  ...(source.targetPortal ? [] : [required(`${path}.targetPortal`)]),
  ...targetErrors(source, path, badStart),
  ...initiatorErrors(source, path, badStart),
];

type Target = Omit<ISCSIVolumeSource, 'secretRef'> & { readonly secretRef?: unknown };

function targetErrors({ iqn = '', lun = 0, secretRef, chapAuthDiscovery, chapAuthSession }: Target, path: string, unknownStart: string) {
  const errors = iqn === '' ? [required(`${path}.iqn`)] : nameErrors(iqn, `${path}.iqn`, unknownStart);
  if (lun < 0 || lun > 255) errors.push(invalid(`${path}.lun`, lun, 'must be between 0 and 255, inclusive'));
  if ((chapAuthDiscovery === true || chapAuthSession === true) && secretRef === undefined) errors.push(required(`${path}.secretRef`));
  return errors;
}

function initiatorErrors({ initiatorName }: Pick<Target, 'initiatorName'>, path: string, unknownStart: string): FieldError[] {
  return initiatorName === undefined ? [] : nameErrors(initiatorName, `${path}.initiatorname`, unknownStart);
}
