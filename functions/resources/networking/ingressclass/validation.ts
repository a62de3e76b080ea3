/** Source: pkg/apis/networking/validation/validation.go, ValidateIngressClass. */
import { type FieldError, forbiddenField, invalid, notSupported, required, tooLong } from '../../../kube/field-error.ts';
import type { IngressClass, IngressClassParametersReference } from '../../../kube/generated/types.ts';
import { dnsLabelErrors } from '../../../kube/names.ts';
import { validateDomainPrefixedPath, withDeclared } from '../../field-rules.ts';
import { validateImmutable } from '../../metadata-validation.ts';
import { validateLocalReference } from '../reference-validation.ts';

const controllerBytesMax = 250;
const scopes = ['Cluster', 'Namespace'];

/** Errors of an update list changed fields first. */
export const validateIngressClass = (next: IngressClass, current?: IngressClass): FieldError[] =>
  withDeclared(
    [
      ...(current === undefined ? [] : validateImmutable(next.spec?.controller ?? '', current.spec?.controller ?? '', 'spec.controller')),
      ...specErrors(next),
    ],
    missingErrors(next.spec?.parameters),
  );

const missingErrors = (parameters: IngressClassParametersReference | undefined): FieldError[] =>
  (['kind', 'name'] as const).flatMap((field) =>
    parameters === undefined || parameters[field] ? [] : [required(`spec.parameters.${field}`)],
  );

function specErrors({ spec }: IngressClass): FieldError[] {
  const { controller = '', parameters } = spec ?? {};
  return [
    ...(Buffer.byteLength(controller) > controllerBytesMax ? [tooLong('spec.controller', controllerBytesMax)] : []),
    ...validateDomainPrefixedPath(controller, 'spec.controller'),
    ...(parameters === undefined ? [] : parametersErrors(parameters, 'spec.parameters')),
  ];
}

function parametersErrors(parameters: IngressClassParametersReference, path: string): FieldError[] {
  const errors = validateLocalReference(parameters, path);
  const { scope = '', namespace } = parameters;
  if (!scopes.includes(scope)) return [...errors, notSupported(`${path}.scope`, scope, scopes)];
  if (scope === 'Cluster') {
    return namespace === undefined ? errors : [...errors, forbiddenField(`${path}.namespace`, "`parameters.scope` is set to 'Cluster'")];
  }
  if (namespace === undefined) return [...errors, required(`${path}.namespace`, "`parameters.scope` is set to 'Namespace'")];
  return [...errors, ...dnsLabelErrors(namespace).map((why) => invalid(`${path}.namespace`, namespace, why))];
}
