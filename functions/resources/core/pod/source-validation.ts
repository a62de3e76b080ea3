/** What volumes of plug-ins need. Source: pkg/apis/core/validation/validation.go, validateVolumeSource. */
import { type FieldError, invalid, notSupported, required } from '../../../kube/field-error.ts';
import type { Volume } from '../../../kube/generated/types.ts';
import { validateDriverName } from '../../storage/class-validation.ts';

interface Needed {
  readonly field: string;
  readonly detail?: string;
}

const needed = (...fields: readonly string[]): readonly Needed[] => fields.map((field) => ({ field }));

const neededFields: Readonly<Record<string, readonly Needed[]>> = {
  awsElasticBlockStore: needed('volumeID'),
  azureDisk: needed('diskName', 'diskURI'),
  azureFile: needed('secretName', 'shareName'),
  cephfs: needed('monitors'),
  cinder: needed('volumeID'),
  ephemeral: needed('volumeClaimTemplate'),
  flexVolume: needed('driver'),
  gcePersistentDisk: needed('pdName'),
  gitRepo: needed('repository'),
  glusterfs: needed('endpoints', 'path'),
  image: needed('reference'),
  iscsi: needed('targetPortal', 'iqn'),
  nfs: needed('server', 'path'),
  photonPersistentDisk: needed('pdID'),
  portworxVolume: needed('volumeID'),
  quobyte: [{ field: 'registry', detail: 'must be a host:port pair or multiple pairs separated by commas' }, { field: 'volume' }],
  rbd: needed('monitors', 'image'),
  scaleIO: needed('gateway', 'system', 'volumeName'),
  storageos: needed('volumeName'),
  vsphereVolume: needed('volumePath'),
};

/** Upstream's name of the field differs from the one that clients write. */
const shownNames: Readonly<Record<string, string>> = { gcePersistentDisk: 'persistentDisk' };
const pullPolicies = ['Always', 'IfNotPresent', 'Never'];

export function validateSource(volume: Volume, type: string, path: string): FieldError[] {
  const source: Readonly<Record<string, unknown>> = {
    ...Object.entries(volume).find(([field]) => field === type)?.[1],
  };
  const at = `${path}.${shownNames[type] ?? type}`;
  const errors = (neededFields[type] ?? []).flatMap(({ field, detail = '' }) =>
    isMissing(source[field]) ? [required(`${at}.${field}`, detail)] : [],
  );
  const { nfs, csi, image, fc, flocker } = volume;
  if (type === 'nfs' && nfs?.path && !nfs.path.startsWith('/')) errors.push(invalid(`${at}.path`, nfs.path, 'must be an absolute path'));
  if (type === 'csi') errors.push(...validateDriverName(csi?.driver, `${at}.driver`));
  if (type === 'image' && image?.pullPolicy !== undefined && !pullPolicies.includes(image.pullPolicy)) {
    errors.push(notSupported(`${at}.pullPolicy`, image.pullPolicy, pullPolicies));
  }
  if (type === 'fc' && isMissing(fc?.targetWWNs) === isMissing(fc?.wwids)) {
    errors.push(required(`${at}.targetWWNs`, 'must specify either targetWWNs or wwids, but not both'));
  }
  if (type === 'flocker' && !flocker?.datasetName && !flocker?.datasetUUID) {
    errors.push(required(at, 'one of datasetName and datasetUUID is required'));
  }
  return errors;
}

const isMissing = (value: unknown): boolean => value === undefined || value === '' || (Array.isArray(value) && value.length === 0);
