/** Source: pkg/apis/core/v1/defaults.go, SetDefaults_LimitRangeItem. */
import type { LimitRange } from '../../../kube/generated/types.ts';
import { roundQuantities } from '../../quantities.ts';

export function setLimitRangeDefaults({ spec }: LimitRange): void {
  for (const item of spec.limits ?? []) {
    for (const quantities of [item.max, item.min, item.default, item.defaultRequest, item.maxLimitRequestRatio])
      roundQuantities(quantities);
    if (item.type !== 'Container') continue;
    item.default = nonEmpty({ ...item.max, ...item.default });
    item.defaultRequest = nonEmpty({ ...item.min, ...item.default, ...item.defaultRequest });
  }
}

type Quantities = Record<string, string>;

const nonEmpty = (quantities: Quantities): Quantities | undefined => (Object.keys(quantities).length === 0 ? undefined : quantities);
