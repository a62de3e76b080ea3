/** Where a volume's data is: one source, and what each needs. Source: pkg/apis/core/validation/validation.go, ValidatePersistentVolumeSpec. */
import { posix } from 'node:path';
import { type FieldError, forbiddenField, invalid, notSupported, required, tooLong } from '../../../kube/field-error.ts';
import type { PersistentVolumeSpec, SecretReference } from '../../../kube/generated/types.ts';
import { dnsLabelErrors, dnsSubdomainErrors } from '../../../kube/names.ts';
import { validateNoBacksteps } from '../pod/file-path.ts';
import { hostPathErrors } from '../pod/volume-validation.ts';
import { validateIscsi } from './iscsi-validation.ts';

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

const requiredFields = (source: object, path: string, ...fields: readonly string[]): FieldError[] =>
  fields.flatMap((field) => {
    const value: unknown = Reflect.get(source, field);
    return value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0)
      ? [required(`${path}.${field}`)]
      : [];
  });

const range = 'must be between 0 and 255, inclusive';
const isByte = (value: number): boolean => value >= 0 && value <= 255;

const disk = (source: { partition?: number }, path: string, id: string): FieldError[] => [
  ...requiredFields(source, path, id),
  ...(isByte(source.partition ?? 0) ? [] : [invalid(`${path}.partition`, source.partition, range)]),
];

const secretErrors = (secret: SecretReference | undefined, path: string): FieldError[] =>
  secret === undefined ? [] : requiredFields(secret, `${path}.secretRef`, 'name', 'namespace');

const labelErrors = (value: string | undefined, field: string): FieldError[] =>
  value ? dnsLabelErrors(value).map((why) => invalid(field, value, why)) : [];

const checks: { readonly [Name in Source]: Check<Name> } = {
  hostPath: (source, path) => hostPathErrors(source, path),
  // The path is upstream's.
  gcePersistentDisk: (source, path) => disk(source, path.replace(/gcePersistentDisk$/, 'persistentDisk'), 'pdName'),
  awsElasticBlockStore: (source, path) => disk(source, path, 'volumeID'),
  glusterfs(source, path) {
    const { endpointsNamespace: namespace } = source;
    const field = `${path}.endpointsNamespace`;
    const errors = requiredFields(source, path, 'endpoints', 'path');
    if (namespace === '') errors.push(invalid(field, namespace, 'if the endpointnamespace is set, it must be a valid namespace name'));
    return [...errors, ...labelErrors(namespace, field)];
  },
  flocker({ datasetName = '', datasetUUID = '' }, path) {
    const errors: FieldError[] = [];
    if (datasetName === '' && datasetUUID === '') errors.push(required(path, 'one of datasetName and datasetUUID is required'));
    if (datasetName !== '' && datasetUUID !== '') {
      errors.push(invalid(path, 'resource', 'datasetName and datasetUUID can not be specified simultaneously'));
    }
    if (datasetName.includes('/')) errors.push(invalid(`${path}.datasetName`, datasetName, "must not contain '/'"));
    return errors;
  },
  nfs: (source, path) => [
    ...requiredFields(source, path, 'server', 'path'),
    ...((source.path ?? '').startsWith('/') ? [] : [invalid(`${path}.path`, source.path ?? '', 'must be an absolute path')]),
  ],
  rbd: (source, path) => requiredFields(source, path, 'monitors', 'image'),
  quobyte(source, path) {
    const { registry = '', tenant = '' } = source;
    const why = 'must be a host:port pair or multiple pairs separated by commas';
    const errors: FieldError[] = [];
    if (registry === '') errors.push(required(`${path}.registry`, why));
    else if (tenant.length >= 65) errors.push(required(`${path}.tenant`, 'must be a UUID and may not exceed a length of 64 characters'));
    else {
      const wrong = registry.split(',').filter((pair) => !/^(?:[^:[\]]*|\[[^[\]]*\]):[^:]*$/.test(pair));
      errors.push(...wrong.map(() => invalid(`${path}.registry`, registry, why)));
    }
    return [...errors, ...requiredFields(source, path, 'volume')];
  },
  cephfs: (source, path) => requiredFields(source, path, 'monitors'),
  iscsi: (source, path, volumeName) => validateIscsi(source, path, volumeName),
  cinder: (source, path) => [...requiredFields(source, path, 'volumeID'), ...secretErrors(source.secretRef, path)],
  fc({ targetWWNs = [], wwids = [], lun }, path) {
    const errors: FieldError[] = [];
    const field = `${path}.targetWWNs`;
    if (targetWWNs.length + wwids.length === 0) errors.push(required(field, 'must specify either targetWWNs or wwids, but not both'));
    if (targetWWNs.length > 0 && wwids.length > 0)
      errors.push(invalid(field, targetWWNs, 'targetWWNs and wwids can not be specified simultaneously'));
    if (targetWWNs.length === 0) return errors;
    if (lun === undefined) return [...errors, required(`${path}.lun`, 'lun is required if targetWWNs is specified')];
    return isByte(lun) ? errors : [...errors, invalid(`${path}.lun`, lun, range)];
  },
  flexVolume(source, path) {
    const reserved = Object.keys(source.options ?? {}).filter((key) => /\.(?:kubernetes|k8s)\.io$/i.test(`.${key.split('/')[0]}`));
    const why = 'kubernetes.io and k8s.io namespaces are reserved';
    return [...requiredFields(source, path, 'driver'), ...reserved.map((key) => invalid(`${path}.options[${key}]`, key, why))];
  },
  azureFile: (source, path) => [
    ...requiredFields(source, path, 'secretName', 'shareName'),
    ...(source.secretNamespace === '' ? [required(`${path}.secretNamespace`)] : []),
  ],
  vsphereVolume: (source, path) => requiredFields(source, path, 'volumePath'),
  photonPersistentDisk: (source, path) => requiredFields(source, path, 'pdID'),
  portworxVolume: (source, path) => requiredFields(source, path, 'volumeID'),
  azureDisk(source, path) {
    const { cachingMode, kind, diskURI = '' } = source;
    const [caching, kinds] = [
      ['None', 'ReadOnly', 'ReadWrite'],
      ['Dedicated', 'Managed', 'Shared'],
    ];
    const errors = requiredFields(source, path, 'diskName', 'diskURI');
    if (cachingMode !== undefined && !caching.includes(cachingMode)) errors.push(notSupported(`${path}.cachingMode`, cachingMode, caching));
    if (kind === undefined) return errors;
    if (!kinds.includes(kind)) errors.push(notSupported(`${path}.kind`, kind, kinds));
    const [start, form] =
      kind === 'Managed'
        ? ['/subscriptions/', '/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}']
        : ['https://', 'https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd'];
    return diskURI.startsWith(start) ? errors : [...errors, notSupported(`${path}.diskURI`, diskURI, [form])];
  },
  scaleIO: (source, path) => requiredFields(source, path, 'gateway', 'system', 'volumeName'),
  local: (source, path) => [...requiredFields(source, path, 'path'), ...validateNoBacksteps(source.path ?? '', `${path}.path`)],
  storageos: (source, path) => [
    ...requiredFields(source, path, 'volumeName'),
    ...labelErrors(source.volumeName, `${path}.volumeName`),
    ...labelErrors(source.volumeNamespace, `${path}.volumeNamespace`),
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
