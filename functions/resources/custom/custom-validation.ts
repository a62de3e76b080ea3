/** Whether an object fits the schema of one version of its kind. Source: apiextensions-apiserver, pkg/registry/customresource/{strategy,status_strategy,validator}.go. */
import { type FieldError, type FieldErrorType, invalid } from '../../kube/field-error.ts';
import type { CustomResourceDefinitionVersion } from '../../kube/generated/types.ts';
import type { Json, JsonObject, KubeObject } from '../../kube/object.ts';
import type { SchemaNode } from '../../kube/schema.ts';
import { embeddedErrors } from './embedded-errors.ts';
import { expressionRules } from './expressions.ts';
import { listErrors } from './list-errors.ts';
import { scaleSpecErrors, scaleStatusErrors } from './scale-errors.ts';
import { Correlation } from './value-correlation.ts';
import { valueErrors } from './value-validation.ts';

type PlainObject = KubeObject & JsonObject;

export interface CustomValidation {
  readonly hasRules: boolean;
  main(next: KubeObject, current: KubeObject | undefined): readonly FieldError[];
  /** Only the status is checked, and what holds for the whole object. */
  status(next: KubeObject, current: KubeObject): readonly FieldError[];
  warnings(next: KubeObject, current: KubeObject | undefined): readonly string[];
}

export function customValidation(version: CustomResourceDefinitionVersion): CustomValidation {
  const declared = (version.schema?.openAPIV3Schema ?? {}) as SchemaNode;
  const rules = expressionRules(declared);
  const scale = version.subresources?.scale;
  const statusNode = declared.properties?.['status'];
  const before = (next: PlainObject, current: PlainObject | undefined): Correlation | undefined =>
    current === undefined ? undefined : new Correlation(declared, next, current);
  /** Items that were there twice may stay. */
  const lists = (next: PlainObject, current: PlainObject | undefined): FieldError[] =>
    current !== undefined && listErrors(declared, current).length > 0 ? [] : listErrors(declared, next);
  const ruled = (
    found: readonly FieldError[],
    next: PlainObject,
    current: PlainObject | undefined,
    hasName = true,
  ): readonly FieldError[] => {
    if (rules === undefined) return found;
    if (!hasName || found.some(({ type }) => blocking.has(type))) return [...found, notChecked];
    return [...found, ...rules.errors(next, current)];
  };
  return {
    hasRules: rules !== undefined,
    main(next: PlainObject, current: PlainObject | undefined) {
      const found = [
        ...valueErrors(declared, next, '', before(next, current)),
        ...(scale === undefined ? [] : [...scaleSpecErrors(next, scale), ...scaleStatusErrors(next, scale)]),
        ...embeddedErrors(declared, next),
        ...lists(next, current),
      ];
      return ruled(found, next, current, isNamed(next));
    },
    status(next: PlainObject, current: PlainObject) {
      const status = next['status'] as Json | undefined;
      const followed = before(next, current)?.field('status');
      const found = [
        ...(status === undefined || statusNode === undefined ? [] : valueErrors(statusNode, status, 'status', followed)),
        ...(scale === undefined ? [] : scaleStatusErrors(next, scale)),
        ...lists(next, current),
      ];
      return ruled(found, next, current);
    },
    warnings: (next, current) => rules?.warnings(next as PlainObject, current as PlainObject | undefined) ?? [],
  };
}

/** A name that is missing is such an error, too; others check it. */
const isNamed = ({ metadata: { name = '', generateName = '' } }: KubeObject): boolean => name !== '' || generateName !== '';

/** Errors that leave no sound value for rules. Source: strategy.go, hasBlockingErr. */
const blocking: ReadonlySet<FieldErrorType> = new Set([
  'FieldValueNotSupported',
  'FieldValueRequired',
  'FieldValueTooLong',
  'FieldValueTooMany',
  'FieldValueTypeInvalid',
]);
const notChecked: FieldError = invalid(
  '<nil>',
  null,
  'some validation rules were not checked because the object was invalid; correct the existing errors to complete validation',
);
