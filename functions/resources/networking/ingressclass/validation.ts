/** Source: pkg/apis/networking/validation/validation.go, ValidateIngressClass. */
import { type FieldError, forbiddenField, invalid, notSupported, required, tooLong } from '../../../kube/field-error.ts';
import type { IngressClass, IngressClassParametersReference } from '../../../kube/generated/types.ts';
import { dnsLabelErrors } from '../../../kube/names.ts';
import { validateDomainPrefixedPath } from '../../field-rules.ts';
import { validateImmutable } from '../../metadata-validation.ts';
import { validateLocalReference } from '../reference-validation.ts';

const controllerBytesMax = 250;
const scopes = ['Cluster', 'Namespace'];

export function validateIngressClass({ spec }: IngressClass): FieldError[] {
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

export const validateIngressClassUpdate = ({ spec }: IngressClass, { spec: current }: IngressClass): FieldError[] =>
  validateImmutable(spec?.controller ?? '', current?.controller ?? '', 'spec.controller');
