/** Source: pkg/apis/networking/validation/validation.go, ValidateIPAddress. */
import { type FieldError, invalid, required } from '../../../kube/field-error.ts';
import type { IPAddress } from '../../../kube/generated/types.ts';
import { dnsSubdomainErrors, pathSegmentErrors } from '../../../kube/names.ts';
import { validateDeclaredImmutable } from '../../metadata-validation.ts';
import { validateSegment } from '../reference-validation.ts';

const field = 'spec.parentRef';

export function validateIPAddress({ spec }: IPAddress): FieldError[] {
  if (spec?.parentRef === undefined) return [required(field)];
  const { group, resource, name, namespace } = spec.parentRef;
  return [
    ...(group ? dnsSubdomainErrors(group).map((why) => invalid(`${field}.group`, group, why)) : []),
    ...validateSegment(resource, `${field}.resource`),
    ...validateSegment(name, `${field}.name`),
    ...(namespace ? pathSegmentErrors(namespace).map((why) => invalid(`${field}.namespace`, namespace, why)) : []),
  ];
}

export const validateIPAddressUpdate = (next: IPAddress, current: IPAddress): FieldError[] =>
  validateDeclaredImmutable(next.spec?.parentRef, current.spec?.parentRef, field);
