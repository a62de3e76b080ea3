/** The behaviour of a v2 autoscaler in an annotation of v1: upstream writes its internal form there, with Go's names. */
import type { HorizontalPodAutoscalerBehavior, HPAScalingRules } from '../../../kube/generated/types.ts';
import { parsedJson } from './annotation-json.ts';
import { isJsonObject } from '../../../kube/object.ts';

export const behaviorText = ({ scaleUp, scaleDown }: HorizontalPodAutoscalerBehavior): string =>
  JSON.stringify({ ScaleUp: rulesForm(scaleUp), ScaleDown: rulesForm(scaleDown) });

function rulesForm(rules: HPAScalingRules | undefined): object | null {
  if (rules === undefined) return null;
  return {
    StabilizationWindowSeconds: rules.stabilizationWindowSeconds ?? null,
    SelectPolicy: rules.selectPolicy ?? null,
    Policies: rules.policies?.map(({ type, value, periodSeconds }) => ({ Type: type, Value: value, PeriodSeconds: periodSeconds })) ?? null,
    Tolerance: rules.tolerance ?? null,
  };
}

/** Undefined when the annotation cannot be read. */
export function behaviorOf(text: string | undefined): HorizontalPodAutoscalerBehavior | undefined {
  const form = parsedJson(text);
  if (!isJsonObject(form)) return undefined;
  const [scaleUp, scaleDown] = [rulesOf(form['ScaleUp']), rulesOf(form['ScaleDown'])];
  if (scaleUp === undefined && scaleDown === undefined) return undefined;
  return { ...(scaleDown === undefined ? {} : { scaleDown }), ...(scaleUp === undefined ? {} : { scaleUp }) };
}

function rulesOf(form: unknown): HPAScalingRules | undefined {
  if (!isJsonObject(form)) return undefined;
  const { StabilizationWindowSeconds: seconds, SelectPolicy: select, Policies: policies, Tolerance: tolerance } = form;
  const rules: HPAScalingRules = {};
  if (typeof seconds === 'number') rules.stabilizationWindowSeconds = seconds;
  if (typeof select === 'string') rules.selectPolicy = select;
  if (Array.isArray(policies)) {
    rules.policies = policies.filter(isJsonObject).map(({ Type, Value, PeriodSeconds }) => ({
      type: typeof Type === 'string' ? Type : '',
      value: typeof Value === 'number' ? Value : 0,
      periodSeconds: typeof PeriodSeconds === 'number' ? PeriodSeconds : 0,
    }));
  }
  if (typeof tolerance === 'string') rules.tolerance = tolerance;
  return rules;
}
