/** Source: pkg/apis/storage/validation/validation.go, ValidateCSIDriver. */
import { semanticallyEqual } from '../../../kube/equality.ts';
import { duplicate, type FieldError, invalid, notSupported } from '../../../kube/field-error.ts';
import type { CSIDriver, StorageTokenRequest } from '../../../kube/generated/types.ts';
import { validateImmutable } from '../../metadata-validation.ts';

const groupPolicies = ['File', 'None', 'ReadWriteOnceWithFSType'];
const lifecycleModes = ['Persistent', 'Ephemeral'];
const tokenSecondsMin = 600;
const tokenSecondsMax = 2 ** 32;
const updateSecondsMin = 10;

export function validateCSIDriver({ spec }: CSIDriver): FieldError[] {
  const { fsGroupPolicy, tokenRequests = [], volumeLifecycleModes = [], serviceAccountTokenInSecrets } = spec;
  const { nodeAllocatableUpdatePeriodSeconds: seconds } = spec;
  const errors: FieldError[] = [];
  if (fsGroupPolicy !== undefined && !groupPolicies.includes(fsGroupPolicy)) {
    errors.push(notSupported('spec.fsGroupPolicy', fsGroupPolicy, groupPolicies));
  }
  errors.push(...tokenErrors(tokenRequests, 'spec.tokenRequests'));
  for (const mode of volumeLifecycleModes) {
    if (!lifecycleModes.includes(mode)) errors.push(notSupported('spec.volumeLifecycleModes', mode, lifecycleModes));
  }
  if (seconds !== undefined && seconds < updateSecondsMin) {
    errors.push(invalid('spec.nodeAllocatableUpdatePeriodSeconds', seconds, 'must be greater than or equal to 10 seconds'));
  }
  if (serviceAccountTokenInSecrets !== undefined && tokenRequests.length === 0) {
    const why = 'serviceAccountTokenInSecrets is set but no tokenRequests are specified';
    errors.push(invalid('spec.serviceAccountTokenInSecrets', serviceAccountTokenInSecrets, why));
  }
  return errors;
}

function tokenErrors(requests: readonly StorageTokenRequest[], path: string): FieldError[] {
  const seen = new Set<string>();
  return requests.flatMap(({ audience = '', expirationSeconds: seconds }, index) => {
    if (seen.has(audience)) return [duplicate(`${path}[${index}].audience`, audience)];
    seen.add(audience);
    const field = `${path}[${index}].expirationSeconds`;
    if (seconds === undefined) return [];
    if (seconds < tokenSecondsMin) return [invalid(field, seconds, 'may not specify a duration less than 10 minutes')];
    return seconds > tokenSecondsMax ? [invalid(field, seconds, 'may not specify a duration larger than 2^32 seconds')] : [];
  });
}

export const validateCSIDriverUpdate = ({ spec }: CSIDriver, { spec: current }: CSIDriver): FieldError[] => [
  ...validateImmutable(spec.attachRequired, current.attachRequired, 'spec.attachedRequired'),
  ...validateImmutable(spec.volumeLifecycleModes, current.volumeLifecycleModes, 'spec.volumeLifecycleModes'),
];

export function csiDriverWarnings({ spec }: CSIDriver, current?: CSIDriver): string[] {
  const requests = spec.tokenRequests ?? [];
  const isSame = current !== undefined && semanticallyEqual(current.spec.tokenRequests ?? [], requests);
  if (requests.length === 0 || spec.serviceAccountTokenInSecrets !== undefined || isSame) return [];
  return [
    'spec.serviceAccountTokenInSecrets is unset; if supported by this CSI driver, set to true to prevent possible logging of tokens in volume attributes',
  ];
}
