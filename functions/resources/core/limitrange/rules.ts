/** The rules of the kind that only writes need; reads never load them. */
import type { LimitRange } from '../../../kube/generated/types.ts';
import type { WriteContext } from '../../definition.ts';

/** One without a name gets one of its own. Source: pkg/registry/core/limitrange/strategy.go. */
export function prepareForCreate({ metadata }: LimitRange, { random }: WriteContext): void {
  metadata.name ||= randomUuid(random);
}

function randomUuid(random: () => number): string {
  const hex = (length: number): string => Array.from({ length }, () => Math.floor(random() * 16).toString(16)).join('');
  const variant = (8 + Math.floor(random() * 4)).toString(16);
  return `${hex(8)}-${hex(4)}-4${hex(3)}-${variant}${hex(3)}-${hex(12)}`;
}

export { setLimitRangeDefaults as setDefaults } from './defaults.ts';
export { validateLimitRange as validate } from './validation.ts';
