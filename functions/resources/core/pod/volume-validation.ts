/** Source: pkg/apis/core/validation/validation.go, ValidateVolumes. */
import { type FieldError, duplicate, forbiddenField, invalid, required } from '../../../kube/field-error.ts';
import type { DownwardAPIVolumeFile, KeyToPath, Volume, VolumeProjection } from '../../../kube/generated/types.ts';
import { dnsLabelErrors } from '../../../kube/names.ts';
import { parseQuantity } from '../../../kube/quantity.ts';
import { validateOneOf } from '../../field-rules.ts';
import { portalErrors, validateSource } from './source-validation.ts';
import { podCertificateErrors, trustBundleErrors } from './certificate-projections.ts';
import { filePathErrors, validateNoBacksteps } from './file-path.ts';
import { validateFieldRef, validateResourceFieldRef } from './environment-validation.ts';

const hostPathTypes = ['', 'BlockDevice', 'CharDevice', 'Directory', 'DirectoryOrCreate', 'File', 'FileOrCreate', 'Socket'];

export interface CheckedVolumes {
  readonly errors: readonly FieldError[];
  /** The volumes without an error. */
  readonly valid: readonly Volume[];
}

export function validateVolumes(volumes: readonly Volume[], path: string): CheckedVolumes {
  const names = new Set<string>();
  const errors: FieldError[] = [];
  const valid = volumes.filter((volume, index) => {
    const { name } = volume;
    const field = `${path}[${index}].name`;
    const found = sourceErrors(volume, `${path}[${index}]`);
    found.push(...(name ? dnsLabelErrors(name).map((why) => invalid(field, name, why)) : [required(field)]));
    if (names.has(name)) found.push(duplicate(field, name));
    if (found.length === 0) names.add(name);
    errors.push(...found);
    return found.length === 0;
  });
  return { errors, valid };
}

/** In the order in which upstream asks for them: the first that a volume has counts. */
const volumeTypes = [
  'emptyDir',
  'hostPath',
  'gitRepo',
  'gcePersistentDisk',
  'awsElasticBlockStore',
  'secret',
  'nfs',
  'iscsi',
  'glusterfs',
  'flocker',
  'persistentVolumeClaim',
  'rbd',
  'cinder',
  'cephfs',
  'quobyte',
  'downwardAPI',
  'fc',
  'flexVolume',
  'configMap',
  'azureFile',
  'vsphereVolume',
  'photonPersistentDisk',
  'portworxVolume',
  'azureDisk',
  'storageos',
  'projected',
  'scaleIO',
  'csi',
  'ephemeral',
  'image',
] as const;

type VolumeType = (typeof volumeTypes)[number];

function sourceErrors(volume: Volume, path: string): FieldError[] {
  const [first, ...others] = volumeTypes.filter((type) => volume[type] !== undefined);
  if (first === undefined) return [required(path, 'must specify a volume type')];
  return [
    ...oneSourceErrors(volume, first, path),
    ...portalErrors(volume, path),
    ...others.map((field) => forbiddenField(`${path}.${field}`, 'may not specify more than 1 volume type')),
  ];
}

function oneSourceErrors(volume: Volume, type: VolumeType, path: string): FieldError[] {
  const { hostPath, emptyDir, configMap, secret, persistentVolumeClaim, downwardAPI, projected } = volume;
  if (type === 'hostPath' && hostPath !== undefined) return hostPathErrors(hostPath, `${path}.hostPath`);
  if (type === 'emptyDir' && emptyDir?.sizeLimit !== undefined) return sizeLimitErrors(emptyDir.sizeLimit, `${path}.emptyDir.sizeLimit`);
  if (type === 'configMap' && configMap !== undefined) {
    return [...namedErrors(configMap.name, `${path}.configMap.name`), ...filesErrors(configMap, `${path}.configMap`)];
  }
  if (type === 'secret' && secret !== undefined) {
    return [...namedErrors(secret.secretName, `${path}.secret.secretName`), ...filesErrors(secret, `${path}.secret`)];
  }
  if (type === 'persistentVolumeClaim') return namedErrors(persistentVolumeClaim?.claimName, `${path}.persistentVolumeClaim.claimName`);
  if (type === 'downwardAPI' && downwardAPI !== undefined) {
    const { items = [], defaultMode } = downwardAPI;
    return [...modeErrors(defaultMode, `${path}.downwardAPI.defaultMode`), ...downwardErrors(items, `${path}.downwardAPI`)];
  }
  if (type === 'projected' && projected !== undefined) {
    const taken = new Set<string>();
    return [
      ...modeErrors(projected.defaultMode, `${path}.projected.defaultMode`),
      ...(projected.sources ?? []).flatMap((source, index) => [
        ...projectionErrors(source, `${path}.projected.sources[${index}]`),
        ...placedTwice(source, taken).map((shown) => invalid(`${path}.projected`, shown, 'conflicting duplicate paths')),
      ]),
    ];
  }
  return validateSource(volume, type, path);
}

const namedErrors = (name: string | undefined, field: string): FieldError[] => (name ? [] : [required(field)]);

export function hostPathErrors({ path, type }: NonNullable<Volume['hostPath']>, field: string): FieldError[] {
  if (!path) return [required(`${field}.path`)];
  return [...validateNoBacksteps(path, `${field}.path`), ...(type ? validateOneOf(type, hostPathTypes, `${field}.type`) : [])];
}

const sizeLimitErrors = (size: string, field: string): FieldError[] =>
  parseQuantity(size) < 0n ? [forbiddenField(field, 'SizeLimit field must be a valid resource quantity')] : [];

interface Files {
  readonly items?: readonly KeyToPath[];
  readonly defaultMode?: number;
}

function filesErrors({ items = [], defaultMode }: Files, path: string): FieldError[] {
  const errors = items.flatMap(({ key, path: file, mode }, index) => [
    ...namedErrors(key, `${path}.items[${index}].key`),
    ...filePathErrors(file, `${path}.items[${index}].path`),
    ...modeErrors(mode, `${path}.items[${index}].mode`),
  ]);
  return [...modeErrors(defaultMode, `${path}.defaultMode`), ...errors];
}

const modeErrors = (mode: number | undefined, field: string): FieldError[] =>
  mode !== undefined && (mode < 0 || mode > 0o777)
    ? [invalid(field, mode, 'must be a number between 0 and 0777 (octal), both inclusive')]
    : [];

/** Upstream names neither the list nor the index of the item that is wrong. */
const downwardErrors = (items: readonly DownwardAPIVolumeFile[], field: string): FieldError[] =>
  items.flatMap((item) => [
    ...filePathErrors(item.path, `${field}.path`),
    ...downwardSourceErrors(item, field),
    ...modeErrors(item.mode, `${field}.mode`),
  ]);

function downwardSourceErrors({ fieldRef, resourceFieldRef }: DownwardAPIVolumeFile, field: string): FieldError[] {
  if (fieldRef !== undefined) {
    const why = 'fieldRef and resourceFieldRef can not be specified simultaneously';
    const errors = validateFieldRef(fieldRef, `${field}.fieldRef`, 'volume');
    return resourceFieldRef === undefined ? errors : [...errors, invalid(field, 'resource', why)];
  }
  if (resourceFieldRef === undefined) return [required(field, 'one of fieldRef and resourceFieldRef is required')];
  return validateResourceFieldRef(resourceFieldRef, `${field}.resourceFieldRef`, 'volume');
}

/** What upstream shows of each file of a source whose path is `taken`; adds the others. A token is not asked. */
function placedTwice(source: VolumeProjection, taken: Set<string>): string[] {
  const { secret, configMap, downwardAPI, clusterTrustBundle: bundle, podCertificate: certificate } = source;
  const files = [
    ...(secret?.items ?? []).map(({ path }) => [path, secret?.name ?? ''] as const),
    ...(configMap?.items ?? []).map(({ path }) => [path, configMap?.name ?? ''] as const),
    ...(downwardAPI?.items ?? []).map(({ path }) => [path, path] as const),
    ...[bundle?.path, certificate?.credentialBundlePath, certificate?.keyPath, certificate?.certificateChainPath].map(
      (path = '') => [path, path] as const,
    ),
  ];
  return files.flatMap(([path, shown]) => {
    const isTaken = taken.has(path);
    if (path) taken.add(path);
    return isTaken ? [shown] : [];
  });
}

function projectionErrors(source: VolumeProjection, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const { secret, configMap, downwardAPI, serviceAccountToken: token } = source;
  if (secret !== undefined) errors.push(...namedErrors(secret.name, `${path}.secret.name`), ...filesErrors(secret, `${path}.secret`));
  if (configMap !== undefined) {
    errors.push(...namedErrors(configMap.name, `${path}.configMap.name`), ...filesErrors(configMap, `${path}.configMap`));
  }
  if (downwardAPI !== undefined) errors.push(...downwardErrors(downwardAPI.items ?? [], `${path}.downwardAPI`));
  if (token !== undefined) errors.push(...tokenErrors(token, path));
  const { clusterTrustBundle, podCertificate } = source;
  if (clusterTrustBundle !== undefined) errors.push(...trustBundleErrors(clusterTrustBundle, `${path}.clusterTrustBundle`));
  if (podCertificate !== undefined) errors.push(...podCertificateErrors(podCertificate, `${path}.podCertificate`));
  if (Object.keys(source).length > 1) errors.push(forbiddenField(path, 'may not specify more than 1 volume type per source'));
  return errors;
}

/** Upstream shows the path of the token without its source. */
function tokenErrors({ expirationSeconds = 0, path }: NonNullable<VolumeProjection['serviceAccountToken']>, field: string): FieldError[] {
  const errors: FieldError[] = [];
  const seconds = `${field}.serviceAccountToken.expirationSeconds`;
  if (expirationSeconds < 600) errors.push(invalid(seconds, expirationSeconds, 'may not specify a duration less than 10 minutes'));
  if (expirationSeconds > 2 ** 32) errors.push(invalid(seconds, expirationSeconds, 'may not specify a duration larger than 2^32 seconds'));
  return [...errors, ...filePathErrors(path, `${field.replace(/\.sources\[\d+\]$/, '')}.path`)];
}
