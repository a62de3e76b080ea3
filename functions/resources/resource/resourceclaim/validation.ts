/** Source: pkg/apis/resource/validation/validation.go, ValidateResourceClaim and ValidateResourceClaimStatusUpdate. */
import { duplicate, type FieldError, forbiddenField, invalid, required, tooLong } from '../../../kube/field-error.ts';
import type {
  AllocatedDeviceStatus,
  DeviceRequestAllocationResult,
  AllocationResult,
  NetworkDeviceData,
  ResourceClaimConsumerReference,
  ResourceResourceClaim as ResourceClaim,
} from '../../../kube/generated/types.ts';
import { validateConditions } from '../../condition-rules.ts';
import { validateNodeSelector } from '../../core/pod/affinity-validation.ts';
import { declaredLast } from '../../declared-errors.ts';
import { repeatedIndexes, validateOneOf } from '../../field-rules.ts';
import { interfaceAddressErrors } from '../../ip-rules.ts';
import { validateDeclaredImmutable } from '../../metadata-validation.ts';
import { validateDriverName } from '../../storage/class-validation.ts';
import { declaredOfClaimStatus } from '../declared.ts';
import { referenceErrors, requestNames, validateClaimSpec, validateReference } from '../claim-validation.ts';
import {
  validateBindingConditions,
  rawErrors,
  validateDnsLabel,
  validateItems,
  validateOpaque,
  validatePoolName,
  validateToleration,
} from '../device-rules.ts';

const usersMax = 256;
const resultsMax = 32;
const interfaceNameMax = 256;
const hardwareAddressMax = 128;
const ipsMax = 16;

/** The spec of a stored claim cannot change: it is not checked again. */
export const validateClaim = ({ spec }: ResourceClaim, current?: ResourceClaim): FieldError[] =>
  current === undefined ? validateClaimSpec(spec, 'spec') : [];

export const validateClaimUpdate = (next: ResourceClaim, current: ResourceClaim): FieldError[] =>
  validateDeclaredImmutable(next.spec, current.spec, 'spec');

export const validateClaimStatus = (claim: ResourceClaim, current: ResourceClaim): FieldError[] =>
  declaredLast(statusErrors(claim, current), declaredOfClaimStatus);

function statusErrors({ spec, status = {} }: ResourceClaim, current: ResourceClaim): FieldError[] {
  const { allocation, devices = [], reservedFor = [] } = status;
  const names = requestNames(spec?.devices?.requests ?? []);
  const allocated = new Set(allocation?.devices?.results?.map(deviceKey));
  const errors = [
    ...validateItems(reservedFor, usersMax, 'status.reservedFor', userErrors),
    ...repeatedIndexes(reservedFor.map(({ uid }) => uid)).map((index) =>
      duplicate(`status.reservedFor[${index}]`, reservedFor[index]?.uid),
    ),
    ...devices.flatMap((device, index) => deviceErrors(device, `status.devices[${index}]`, allocated)),
  ];
  if (reservedFor.length > 0 && allocation === undefined) {
    errors.push(forbiddenField('status.reservedFor', 'may not be specified when `allocated` is not set'));
  }
  if (allocation === undefined) return errors;
  if (current.status?.allocation !== undefined) {
    return [...errors, ...validateDeclaredImmutable(allocation, current.status.allocation, 'status.allocation')];
  }
  return [...errors, ...allocationErrors(allocation, 'status.allocation', names)];
}

const userErrors = (user: ResourceClaimConsumerReference, path: string): FieldError[] =>
  (['resource', 'name', 'uid'] as const).flatMap((field) => (user[field] ? [] : [required(`${path}.${field}`)]));

const deviceKey = ({ driver, pool, device, shareID = '' }: AllocatedDeviceStatus | DeviceRequestAllocationResult): string =>
  [driver, pool, device, shareID].join('/');

const uuid = /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/;

const shareErrors = (shareID: string | undefined, field: string): FieldError[] =>
  shareID === undefined || uuid.test(shareID) ? [] : [invalid(field, shareID, 'must be a lowercase UUID in 8-4-4-4-12 format')];

function deviceErrors(status: AllocatedDeviceStatus, path: string, allocated: ReadonlySet<string>): FieldError[] {
  const { driver, pool, device, shareID, data, conditions, networkData } = status;
  const shown = { Driver: driver, Pool: pool, Device: device, ShareID: shareID ?? '' };
  return [
    ...validateDriverName(driver, `${path}.driver`),
    ...validatePoolName(pool, `${path}.pool`),
    ...validateDnsLabel(device, `${path}.device`),
    ...shareErrors(shareID, `${path}.shareID`),
    ...(allocated.has(deviceKey(status)) ? [] : [invalid(path, shown, 'must be an allocated device in the claim')]),
    ...validateConditions(conditions ?? [], `${path}.conditions`),
    ...(data === undefined ? [] : rawErrors(data, `${path}.data`)),
    ...(networkData === undefined ? [] : networkErrors(networkData, `${path}.networkData`)),
  ];
}

function networkErrors({ interfaceName = '', hardwareAddress = '', ips = [] }: NetworkDeviceData, path: string): FieldError[] {
  return [
    ...(Buffer.byteLength(interfaceName) > interfaceNameMax ? [tooLong(`${path}.interfaceName`, interfaceNameMax)] : []),
    ...(Buffer.byteLength(hardwareAddress) > hardwareAddressMax ? [tooLong(`${path}.hardwareAddress`, hardwareAddressMax)] : []),
    ...validateItems(ips, ipsMax, `${path}.ips`, (ip, field) => interfaceAddressErrors(ip).map((why) => invalid(field, ip, why))),
    ...repeatedIndexes(ips).map((index) => duplicate(`${path}.ips[${index}]`, ips[index])),
  ];
}

function allocationErrors(allocation: AllocationResult, path: string, names: ReadonlySet<string>): FieldError[] {
  const { results = [], config = [] } = allocation.devices ?? {};
  return [
    ...validateItems(results, resultsMax, `${path}.devices.results`, (result, field) => [
      ...validateReference(result.request, `${field}.request`, names),
      ...validateDnsLabel(result.device, `${field}.device`),
      ...validateBindingConditions(result, field),
      ...(result.tolerations ?? []).flatMap((toleration, index) => validateToleration(toleration, `${field}.tolerations[${index}]`)),
      ...validateDriverName(result.driver, `${field}.driver`, true),
      ...validatePoolName(result.pool, `${field}.pool`),
      ...shareErrors(result.shareID, `${field}.shareID`),
    ]),
    ...validateItems(config, 2 * resultsMax, `${path}.devices.config`, ({ source, requests = [], opaque }, field) => [
      ...referenceErrors(requests, `${field}.requests`, names),
      ...validateOpaque(opaque, `${field}.opaque`),
      ...validateOneOf(source, ['FromClaim', 'FromClass'], `${field}.source`),
    ]),
    ...(allocation.nodeSelector === undefined ? [] : validateNodeSelector(allocation.nodeSelector, `${path}.nodeSelector`)),
  ];
}
