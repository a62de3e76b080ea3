/**
 * What a source of a volume needs that pods and PersistentVolumes name alike. Source: pkg/apis/core/validation/validation.go,
 * validateVolumeSource and ValidatePersistentVolumeSpec.
 */
import { type FieldError, invalid, notSupported, required } from '../../kube/field-error.ts';
import type { Volume } from '../../kube/generated/types.ts';
import { dnsLabelErrors } from '../../kube/names.ts';

type SharedSource =
  | 'awsElasticBlockStore'
  | 'azureDisk'
  | 'cephfs'
  | 'fc'
  | 'flexVolume'
  | 'flocker'
  | 'gcePersistentDisk'
  | 'nfs'
  | 'photonPersistentDisk'
  | 'portworxVolume'
  | 'quobyte'
  | 'rbd'
  | 'scaleIO'
  | 'vsphereVolume';

/** Sources that differ in the namespace of a Secret are read without the Secret. */
type Check<Name extends SharedSource> = (source: Omit<NonNullable<Volume[Name]>, 'secretRef'>, path: string) => FieldError[];

export const requiredFields = (source: object, path: string, ...fields: readonly string[]): FieldError[] =>
  fields.flatMap((field) => {
    const value: unknown = Reflect.get(source, field);
    return value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0)
      ? [required(`${path}.${field}`)]
      : [];
  });

const range = 'must be between 0 and 255, inclusive';
/** Upstream takes 0 as well, though its message starts at 1. */
const partitionRange = 'must be between 1 and 255, inclusive';
const isByte = (value: number): boolean => value >= 0 && value <= 255;

const disk = (source: { partition?: number }, path: string, id: string): FieldError[] => [
  ...requiredFields(source, path, id),
  ...(isByte(source.partition ?? 0) ? [] : [invalid(`${path}.partition`, source.partition, partitionRange)]),
];

export const validateLabel = (value: string | undefined, field: string): FieldError[] =>
  value ? dnsLabelErrors(value).map((why) => invalid(field, value, why)) : [];

export const sharedSources: { readonly [Name in SharedSource]: Check<Name> } = {
  // The path is upstream's.
  gcePersistentDisk: (source, path) => disk(source, path.replace(/gcePersistentDisk$/, 'persistentDisk'), 'pdName'),
  awsElasticBlockStore: (source, path) => disk(source, path, 'volumeID'),
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
};
