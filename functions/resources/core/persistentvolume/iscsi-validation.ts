/** Source: pkg/apis/core/validation/validation.go, validateISCSIPersistentVolumeSource. */
import { type FieldError, invalid, required } from '../../../kube/field-error.ts';
import type { ISCSIPersistentVolumeSource } from '../../../kube/generated/types.ts';

const nameLengthMax = 64;
const patterns: Readonly<Record<string, RegExp>> = {
  iqn: /^iqn\.\d{4}-\d{2}\.([a-zA-Z0-9-.]+)(:[^,;*&$|\s]+)$/,
  eui: /^eui\.[a-zA-Z0-9]{16}$/,
  naa: /^naa\.[a-zA-Z0-9]{32}$/,
};

const isName = (text: string): boolean => patterns[text.slice(0, 3)]?.test(text) === true;

export function validateIscsi(source: ISCSIPersistentVolumeSource, path: string, volumeName: string): FieldError[] {
  const { targetPortal = '', iqn = '', lun = 0, initiatorName, secretRef, chapAuthDiscovery, chapAuthSession } = source;
  const errors: FieldError[] = [];
  if (targetPortal === '') errors.push(required(`${path}.targetPortal`));
  if (initiatorName !== undefined && `${volumeName}:${targetPortal}`.length > nameLengthMax) {
    const why = 'Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified.';
    errors.push(invalid(`${path}.targetportal`, targetPortal, why));
  }
  if (iqn === '') errors.push(required(`${path}.iqn`));
  else if (!isName(iqn)) errors.push(invalid(`${path}.iqn`, iqn, 'must be valid format'));
  if (lun < 0 || lun > 255) errors.push(invalid(`${path}.lun`, lun, 'must be between 0 and 255, inclusive'));
  if ((chapAuthDiscovery === true || chapAuthSession === true) && secretRef === undefined) errors.push(required(`${path}.secretRef`));
  if (secretRef !== undefined && !secretRef.name) errors.push(required(`${path}.secretRef.name`));
  if (initiatorName !== undefined && !isName(initiatorName))
    errors.push(invalid(`${path}.initiatorname`, initiatorName, 'must be valid format'));
  return errors;
}
