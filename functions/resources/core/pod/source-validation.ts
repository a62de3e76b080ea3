/** What volumes of plug-ins need. Source: pkg/apis/core/validation/validation.go, validateVolumeSource. */
import { type FieldError, invalid, notSupported, required } from '../../../kube/field-error.ts';
import type { LocalObjectReference, PersistentVolumeClaimTemplate, Volume } from '../../../kube/generated/types.ts';
import { dnsSubdomainErrors } from '../../../kube/names.ts';
import { validateTemplateMeta } from '../../metadata-validation.ts';
import { validateDriverName } from '../../storage/class-validation.ts';
import { isPortalTooLong, tooLongPortal, validatePodIscsi } from '../iscsi-validation.ts';
import { validateClaimSpec } from '../persistentvolumeclaim/validation.ts';
import { requiredFields, sharedSources, validateLabel } from '../volume-sources.ts';
import { validateNoBacksteps } from './file-path.ts';

type Source = Exclude<keyof Volume, 'name'>;
type Check<Name extends Source> = (source: NonNullable<Volume[Name]>, path: string) => FieldError[];

const pullPolicies = ['Always', 'IfNotPresent', 'Never'];

const secretErrors = (secret: LocalObjectReference | undefined, path: string): FieldError[] =>
  secret === undefined ? [] : requiredFields(secret, `${path}.secretRef`, 'name');

const checks: { readonly [Name in Source]?: Check<Name> } = {
  ...sharedSources,
  gitRepo: (source, path) => {
    const { directory = '' } = source;
    const field = `${path}.directory`;
    return [
      ...requiredFields(source, path, 'repository'),
      ...(directory.startsWith('/') ? [invalid(field, directory, 'must be a relative path')] : []),
      ...validateNoBacksteps(directory, field),
    ];
  },
  iscsi: validatePodIscsi,
  glusterfs: (source, path) => requiredFields(source, path, 'endpoints', 'path'),
  cinder: (source, path) => [...requiredFields(source, path, 'volumeID'), ...secretErrors(source.secretRef, path)],
  azureFile: (source, path) => requiredFields(source, path, 'secretName', 'shareName'),
  storageos: (source, path) => [
    ...requiredFields(source, path, 'volumeName'),
    ...validateLabel(source.volumeName, `${path}.volumeName`),
    ...validateLabel(source.volumeNamespace, `${path}.volumeNamespace`),
    ...secretErrors(source.secretRef, path),
  ],
  csi({ driver, nodePublishSecretRef: secret }, path) {
    const errors = validateDriverName(driver, `${path}.driver`);
    if (secret === undefined) return errors;
    const { name = '' } = secret;
    if (name === '') return [...errors, required(`${path}.nodePublishSecretRef.name`)];
    return [...errors, ...dnsSubdomainErrors(name).map((why) => invalid(`${path}.name`, name, why))];
  },
  ephemeral({ volumeClaimTemplate: template }, path) {
    const field = `${path}.volumeClaimTemplate`;
    return template === undefined ? [required(field)] : claimTemplateErrors(template, field);
  },
  image: (source, path) => [
    ...requiredFields(source, path, 'reference'),
    ...(source.pullPolicy === undefined || pullPolicies.includes(source.pullPolicy)
      ? []
      : [notSupported(`${path}.pullPolicy`, source.pullPolicy, pullPolicies)]),
  ],
};

const claimTemplateErrors = ({ metadata = {}, spec }: PersistentVolumeClaimTemplate, path: string): FieldError[] => [
  ...validateTemplateMeta(metadata, `${path}.metadata`),
  ...validateClaimSpec(spec, `${path}.spec`),
];

export function validateSource<Name extends Source>(volume: Volume, type: Name, path: string): FieldError[] {
  const source = volume[type];
  const check: Check<Name> | undefined = checks[type];
  return source === undefined || check === undefined ? [] : check(source, `${path}.${type}`);
}

/** Upstream asks this of an iSCSI volume even beside another source. */
export const portalErrors = ({ name, iscsi }: Volume, path: string): FieldError[] =>
  iscsi !== undefined && isPortalTooLong(iscsi, name) ? [invalid(`${path}.name`, name, tooLongPortal)] : [];
