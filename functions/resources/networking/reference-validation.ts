/** Source: pkg/apis/networking/validation/validation.go, validateIngressTypedLocalObjectReference. */
import { type FieldError, invalid, required } from '../../kube/field-error.ts';
import { dnsSubdomainErrors, pathSegmentErrors } from '../../kube/names.ts';

interface Reference {
  readonly apiGroup?: string | null;
  readonly kind?: string;
  readonly name?: string;
}

export const validateSegment = (value: string | undefined, field: string): FieldError[] =>
  value ? pathSegmentErrors(value).map((why) => invalid(field, value, why)) : [required(field)];

export const validateLocalReference = ({ apiGroup, kind, name }: Reference, path: string): FieldError[] => [
  ...(apiGroup === undefined || apiGroup === null
    ? []
    : dnsSubdomainErrors(apiGroup).map((why) => invalid(`${path}.apiGroup`, apiGroup, why))),
  ...validateSegment(kind, `${path}.kind`),
  ...validateSegment(name, `${path}.name`),
];
