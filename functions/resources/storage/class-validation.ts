/** What classes of volumes share. Source: pkg/apis/storage/validation/validation.go. */
import { type FieldError, invalid, required, tooLong, tooLongDeclared } from '../../kube/field-error.ts';
import { caselessSubdomainErrors, dnsSubdomainErrors, qualifiedNameErrors } from '../../kube/names.ts';

const parametersMax = 512;
const parameterBytesMax = 256 * 1024;
const driverNameMax = 63;

export function validateProvisioner(name: string | undefined, field: string): FieldError[] {
  if (!name) return [required(field)];
  const lower = name.toLowerCase();
  return qualifiedNameErrors(lower).map((why) => invalid(field, lower, why));
}

export function validateParameters(parameters: Readonly<Record<string, string>>, field: string): FieldError[] {
  const entries = Object.entries(parameters);
  if (entries.length > parametersMax) return [tooLong(field, parametersMax)];
  const errors = entries.flatMap(([key]) => (key === '' ? [invalid(field, key, 'field can not be empty.')] : []));
  const bytes = entries.reduce((sum, [key, value]) => sum + Buffer.byteLength(key) + Buffer.byteLength(value), 0);
  return bytes > parameterBytesMax ? [...errors, tooLong(field, parameterBytesMax)] : errors;
}

/** Where upstream's API declares the rule, its words are others. */
export function validateDriverName(name: string | undefined, field: string, isDeclared = false): FieldError[] {
  if (!name) return [required(field)];
  return [
    ...(Buffer.byteLength(name) > driverNameMax ? [(isDeclared ? tooLongDeclared : tooLong)(field, driverNameMax)] : []),
    ...(isDeclared ? caselessSubdomainErrors(name) : dnsSubdomainErrors(name.toLowerCase())).map((why) => invalid(field, name, why)),
  ];
}
