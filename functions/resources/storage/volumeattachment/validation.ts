/** Source: pkg/apis/storage/validation/validation.go, ValidateVolumeAttachment. */
import { type FieldError, forbiddenField, invalid, required, tooLong } from '../../../kube/field-error.ts';
import type { VolumeAttachment, VolumeAttachmentSource, VolumeError } from '../../../kube/generated/types.ts';
import { dnsSubdomainErrors } from '../../../kube/names.ts';
import { withDeclared } from '../../field-rules.ts';
import { validateDeclaredImmutable } from '../../metadata-validation.ts';
import { validateDriverName } from '../class-validation.ts';
import { validateInlineVolume } from './inline-volume.ts';

const metadataBytesMax = 256 * 1024;
const messageBytesMax = 1024;

export function validateVolumeAttachment(attachment: VolumeAttachment, current?: VolumeAttachment): FieldError[] {
  const { attacher, source = {}, nodeName = '' } = attachment.spec;
  const volume = source.persistentVolumeName;
  const coded = [
    ...validateDriverName(attacher, 'spec.attacher'),
    ...sourceErrors(source, 'spec.source'),
    ...dnsSubdomainErrors(nodeName).map((why) => invalid('spec.nodeName', nodeName, why)),
    ...validateVolumeAttachmentStatus(attachment),
    ...(volume === undefined ? [] : dnsSubdomainErrors(volume).map((why) => invalid('spec.source.persistentVolumeName', volume, why))),
  ];
  // The API declares this rule, but does not read further what may not change.
  return withDeclared(coded, current === undefined ? validateDriverName(attacher, 'spec.attacher', true) : []);
}

function sourceErrors({ inlineVolumeSpec, persistentVolumeName }: VolumeAttachmentSource, path: string): FieldError[] {
  const one = 'must specify exactly one of inlineVolumeSpec and persistentVolumeName';
  if (inlineVolumeSpec === undefined && persistentVolumeName === undefined) return [required(path, one)];
  if (inlineVolumeSpec !== undefined && persistentVolumeName !== undefined) return [forbiddenField(path, one)];
  if (inlineVolumeSpec !== undefined) return validateInlineVolume(inlineVolumeSpec, `${path}.inlineVolumeSpec`);
  return persistentVolumeName === '' ? [required(`${path}.persistentVolumeName`, 'must specify non empty persistentVolumeName')] : [];
}

export function validateVolumeAttachmentStatus({ status }: VolumeAttachment): FieldError[] {
  const entries = Object.entries(status?.attachmentMetadata ?? {});
  const bytes = entries.reduce((sum, [key, value]) => sum + Buffer.byteLength(key) + Buffer.byteLength(value), 0);
  return [
    ...(bytes > metadataBytesMax ? [tooLong('status.attachmentMetadata', metadataBytesMax)] : []),
    ...volumeErrors(status?.attachError, 'status.attachError'),
    ...volumeErrors(status?.detachError, 'status.detachError'),
  ];
}

function volumeErrors(error: VolumeError | undefined, path: string): FieldError[] {
  const { message = '', errorCode } = error ?? {};
  return [
    ...(Buffer.byteLength(message) > messageBytesMax ? [tooLong(`${path}.message`, messageBytesMax)] : []),
    ...(errorCode !== undefined && errorCode < 0
      ? [invalid(`${path}.errorCode`, errorCode, 'must be between 0 and 2147483647, inclusive')]
      : []),
  ];
}

export const validateVolumeAttachmentUpdate = (next: VolumeAttachment, current: VolumeAttachment): FieldError[] =>
  validateDeclaredImmutable(next.spec, current.spec, 'spec');
