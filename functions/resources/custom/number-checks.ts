/** Bounds of numbers. Source: kube-openapi, pkg/validation/validate/{validator,values}.go. */
import { invalid } from '../../kube/field-error.ts';
import type { SchemaNode } from '../../kube/schema.ts';
import { ValueResult } from './value-result.ts';

interface Place {
  readonly path: string;
  readonly root: string;
  /** The field's name in errors. */
  readonly field: string;
  readonly format: string;
}

const int32Max = 2 ** 31;
const int64Max = 2 ** 63;
const float32Max = 3.4028235677973366e38;

/** Whether Go could keep the number in the type that the schema names. */
function fitsType({ type }: SchemaNode, format: string, value: number): boolean {
  if (type === 'integer') {
    const max = format === 'int32' ? int32Max : int64Max;
    return Number.isInteger(value) && value >= -max && value < max;
  }
  return type !== 'number' || format !== 'float' || Math.abs(value) < float32Max;
}

/** A whole number is compared with the whole part of a bound. */
export function numberChecks(node: SchemaNode, value: number, place: Place): ValueResult {
  const result = new ValueResult();
  const { path, field, format, root } = place;
  const fits = (number: number, what: string): boolean => {
    if (fitsType(node, format, number)) return true;
    const kind = format === '' ? '(default format)' : `with format ${format}`;
    const text = `${what} value must be of type ${node.type ?? ''} ${kind} in ${path}`;
    result.add(invalid(root === '' ? '<nil>' : root, '', text), text);
    return false;
  };
  const refuse = (why: string): void => void result.add(invalid(field, value, `${path} in body ${why}`), `${path} in body ${why}`);
  const isWhole = Number.isInteger(value) && Math.abs(value) < int64Max;
  const native = (bound: number, isNative: boolean): number => (isWhole && isNative ? Math.trunc(bound) : bound);
  fits(value, 'Checked');
  const { multipleOf, maximum, minimum, exclusiveMaximum = false, exclusiveMinimum = false } = node;
  if (multipleOf !== undefined) {
    const factor = native(multipleOf, fits(multipleOf, 'MultipleOf'));
    if (factor <= 0) {
      const text = `factor MultipleOf declared for ${path} must be positive: ${shown(factor)}`;
      result.add(invalid(field, factor, text), text);
    } else if (!isMultiple(value, factor)) refuse(`should be a multiple of ${shown(factor)}`);
  }
  if (minimum !== undefined) {
    const bound = native(minimum, fits(minimum, 'Minimum boundary'));
    if (exclusiveMinimum ? value <= bound : value < bound)
      refuse(`should be greater than ${exclusiveMinimum ? '' : 'or equal to '}${shown(bound)}`);
  }
  if (maximum !== undefined) {
    const bound = native(maximum, fits(maximum, 'Maximum boundary'));
    if (exclusiveMaximum ? value >= bound : value > bound)
      refuse(`should be less than ${exclusiveMaximum ? '' : 'or equal to '}${shown(bound)}`);
  }
  return result.passed();
}

const safeMax = 2 ** 53 - 1;
const epsilon = 1e-9;

/** Source: go-openapi/swag, IsFloat64AJSONInteger. */
function isMultiple(value: number, factor: number): boolean {
  const quotient = factor < 1 ? (1 / factor) * value : value / factor;
  if (!Number.isFinite(quotient) || Math.abs(quotient) > safeMax)
    return Number.isInteger(value) && Number.isInteger(factor) && value % factor === 0;
  const whole = Math.trunc(quotient);
  const difference = Math.abs(quotient - whole);
  if (quotient === whole) return true;
  return whole === 0 || quotient === 0 ? difference < epsilon : difference / (Math.abs(quotient) + Math.abs(whole)) < epsilon;
}

/** Go's %v of a float: an exponent from 21 digits on. */
const shown = (value: number): string => String(value).replace(/e([+-])(\d)$/, 'e$10$2');
