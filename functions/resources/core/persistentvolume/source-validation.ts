/** Where a volume's data is: one source, and what each needs. Source: pkg/apis/core/validation/validation.go, ValidatePersistentVolumeSpec. */
import { posix } from 'node:path';
import { type FieldError, forbiddenField, invalid, required, tooLong } from '../../../kube/field-error.ts';
import type { PersistentVolumeSpec, SecretReference } from '../../../kube/generated/types.ts';
import { dnsLabelErrors, dnsSubdomainErrors } from '../../../kube/names.ts';
import { validateNoBacksteps } from '../pod/file-path.ts';
import { validateIscsi } from '../iscsi-validation.ts';
import { hostPathErrors } from '../pod/volume-validation.ts';
import { requiredFields, sharedSources, validateLabel } from '../volume-sources.ts';

/** The sources of volumes in upstream's order. */
export const volumeSources = [
  'hostPath',
  'gcePersistentDisk',
  'awsElasticBlockStore',
  'glusterfs',
  'flocker',
  'nfs',
  'rbd',
  'quobyte',
  'cephfs',
  'iscsi',
  'cinder',
  'fc',
  'flexVolume',
  'azureFile',
  'vsphereVolume',
  'photonPersistentDisk',
  'portworxVolume',
  'azureDisk',
  'scaleIO',
  'local',
  'storageos',
  'csi',
] as const;

type Source = (typeof volumeSources)[number];
type Check<Name extends Source> = (source: NonNullable<PersistentVolumeSpec[Name]>, path: string, volumeName: string) => FieldError[];

const secretErrors = (secret: SecretReference | undefined, path: string): FieldError[] =>
  secret === undefined ? [] : requiredFields(secret, `${path}.secretRef`, 'name', 'namespace');

const checks: { readonly [Name in Source]: Check<Name> } = {
  ...sharedSources,
  hostPath: (source, path) => hostPathErrors(source, path),
  glusterfs(source, path) {
    const { endpointsNamespace: namespace } = source;
    const field = `${path}.endpointsNamespace`;
    const errors = requiredFields(source, path, 'endpoints', 'path');
    if (namespace === '') errors.push(invalid(field, namespace, 'if the endpointnamespace is set, it must be a valid namespace name'));
    return [...errors, ...validateLabel(namespace, field)];
  },
  iscsi: (source, path, volumeName) => validateIscsi(source, path, volumeName),
  cinder: (source, path) => [...requiredFields(source, path, 'volumeID'), ...secretErrors(source.secretRef, path)],
  azureFile: (source, path) => [
    ...requiredFields(source, path, 'secretName', 'shareName'),
    ...(source.secretNamespace === '' ? [required(`${path}.secretNamespace`)] : []),
  ],
  local: (source, path) => [...requiredFields(source, path, 'path'), ...validateNoBacksteps(source.path ?? '', `${path}.path`)],
  storageos: (source, path) => [
    ...requiredFields(source, path, 'volumeName'),
    ...validateLabel(source.volumeName, `${path}.volumeName`),
    ...validateLabel(source.volumeNamespace, `${path}.volumeNamespace`),
    ...secretErrors(source.secretRef, path),
  ],
  csi: (source, path) => [
    ...driverErrors(source.driver, `${path}.driver`),
    ...requiredFields(source, path, 'volumeHandle'),
    ...(['controllerPublishSecretRef', 'controllerExpandSecretRef', 'nodePublishSecretRef', 'nodeExpandSecretRef'] as const).flatMap(
      (field) => csiSecretErrors(source[field], `${path}.${field}`),
    ),
  ],
};

const driverLengthMax = 63;

function driverErrors(driver: string, field: string): FieldError[] {
  if (driver === '') return [required(field)];
  return [
    ...(driver.length > driverLengthMax ? [tooLong(field, driverLengthMax)] : []),
    ...dnsSubdomainErrors(driver.toLowerCase()).map((why) => invalid(field, driver, why)),
  ];
}

function csiSecretErrors(secret: SecretReference | undefined, path: string): FieldError[] {
  if (secret === undefined) return [];
  const { name = '', namespace = '' } = secret;
  return [
    ...(name === '' ? [required(`${path}.name`)] : dnsSubdomainErrors(name).map((why) => invalid(`${path}.name`, name, why))),
    ...(namespace === ''
      ? [required(`${path}.namespace`)]
      : dnsLabelErrors(namespace).map((why) => invalid(`${path}.namespace`, namespace, why))),
  ];
}

/** Where the spec of a volume is: that of a PersistentVolume, or one within a VolumeAttachment. */
interface At {
  readonly path: string;
  readonly volumeName: string;
}

export function validateSource(spec: PersistentVolumeSpec, at: At): FieldError[] {
  const { path } = at;
  const [first, ...others] = volumeSources.filter((name) => spec[name] !== undefined);
  if (first === undefined) return [required(path, 'must specify a volume type')];
  const errors = oneErrors(spec, first, at);
  for (const name of others) {
    // Upstream lets this one be a second.
    if (name === 'flexVolume') errors.push(...oneErrors(spec, name, at));
    else errors.push(forbiddenField(`${path}.${name === 'cephfs' ? 'cephFS' : name}`, 'may not specify more than 1 volume type'));
  }
  const policyField = `${path}.persistentVolumeReclaimPolicy`;
  return isRootRecycled(spec) ? [...errors, forbiddenField(policyField, "may not be 'recycle' for a hostPath mount of '/'")] : errors;
}

const isRootRecycled = ({ hostPath, persistentVolumeReclaimPolicy: policy }: PersistentVolumeSpec): boolean =>
  hostPath !== undefined && posix.normalize(hostPath.path || '.') === '/' && policy === 'Recycle';

function oneErrors<Name extends Source>(spec: PersistentVolumeSpec, name: Name, { path, volumeName }: At): FieldError[] {
  const source = spec[name];
  const check: Check<Name> = checks[name];
  if (source === undefined) return [];
  const errors = check(source, `${path}.${name}`, volumeName);
  if (name !== 'local' || spec.nodeAffinity !== undefined) return errors;
  return [...errors, required(`${path}.nodeAffinity`, 'Local volume requires node affinity')];
}
