/** Requests and limits of a whole pod. Source: pkg/apis/core/validation/validation.go, validatePodResources. */
import { type FieldError, forbiddenField, invalid, notSupported } from '../../../kube/field-error.ts';
import type { PodSpec } from '../../../kube/generated/types.ts';
import { canonicalQuantity, compareQuantities } from '../../../kube/quantity.ts';
import { validateResourceName } from '../../quantity-rules.ts';
import { podAmounts } from './amounts.ts';
import { validateResources } from './resource-validation.ts';

const supported = ['cpu', 'hugepages-', 'memory'];

function nameErrors(name: string, field: string): FieldError[] {
  const errors = validateResourceName(name, field);
  if (errors.length > 0) return errors;
  const isKnown = name === 'cpu' || name === 'memory' || name.startsWith('hugepages-');
  return isKnown ? [] : [notSupported(field, name, supported)];
}

export function validatePodResources(spec: PodSpec, path: string): FieldError[] {
  const { resources } = spec;
  if (resources === undefined) return [];
  if (spec.os?.name === 'windows') return [forbiddenField(path, 'may not be set for a windows pod')];
  return [
    ...(resources.claims === undefined ? [] : [forbiddenField(`${path}.claims`, 'claims may not be set for Resources at pod-level')]),
    ...validateResources(resources, path, { claimNames: [], validateName: nameErrors }),
    ...containerErrors(spec, resources, path),
  ];
}

/** What its containers may take together fits into the whole. */
function containerErrors(spec: PodSpec, { requests = {}, limits = {} }: NonNullable<PodSpec['resources']>, path: string): FieldError[] {
  const { resources: _whole, ...parts } = spec;
  const sums = podAmounts({ metadata: {}, spec: { ...parts, containers: parts.containers ?? [] } });
  const tooSmall = (list: 'requests' | 'limits', name: string, sum: string): FieldError[] => {
    const own = (list === 'requests' ? requests : limits)[name];
    if (own === undefined || compareQuantities(sum, own) <= 0) return [];
    const why = `must be greater than or equal to aggregate container ${list} of ${sum}`;
    return [invalid(`${path}.${list}[${name}]`, canonicalQuantity(own), why)];
  };
  return [
    ...Object.entries(sums.requests).flatMap(([name, sum]) => tooSmall('requests', name, sum)),
    ...Object.entries(sums.limits).flatMap(([name, sum]) => (name.startsWith('hugepages-') ? tooSmall('limits', name, sum) : [])),
    ...(spec.containers ?? []).flatMap(({ resources }, index) =>
      Object.entries(resources?.limits ?? {}).flatMap(([name, limit]) => {
        const most = limits[name];
        if (most === undefined || compareQuantities(limit, most) <= 0) return [];
        const why = `must be less than or equal to pod limits of ${canonicalQuantity(most)}`;
        return [invalid(`${path}.containers[${index}][${name}].limits`, canonicalQuantity(limit), why)];
      }),
    ),
  ];
}
