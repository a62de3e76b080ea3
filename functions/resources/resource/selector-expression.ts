/** Expressions that select devices. Source: pkg/apis/resource/validation/validation.go, validateCELExpression. */
import { isDyn, typeText } from '../../cel/check/type.ts';
import { sizesOf } from '../../cel/cost/estimate.ts';
import { deviceCostMax, deviceDeclared, deviceScope } from '../../cel/device-scope.ts';
import { compileProgram, isRefused } from '../../cel/program.ts';
import { type FieldError, forbiddenField, internalError, invalid, tooLong } from '../../kube/field-error.ts';

const bytesMax = 10 * 1024;
const deviceSizes = sizesOf(deviceDeclared);

export function validateSelectorExpression(expression: string, field: string): FieldError[] {
  if (Buffer.byteLength(expression) > bytesMax) return [tooLong(field, bytesMax)];
  const compiled = compileProgram(expression, deviceScope);
  if (isRefused(compiled)) {
    const { stage, problem } = compiled;
    if (stage === 'source') return [invalid(field, expression, `compilation failed: ${problem}`)];
    return [internalError(field, `program instantiation failed: ${problem}`)];
  }
  if (compiled.type.kind !== 'bool' && !isDyn(compiled.type)) {
    return [invalid(field, expression, `must evaluate to bool or the unknown type, not ${typeText(compiled.type)}`)];
  }
  return compiled.costMax(deviceSizes) > deviceCostMax ? [forbiddenField(field, 'too complex, exceeds cost limit')] : [];
}
