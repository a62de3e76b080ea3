/** Lists of quantities by the name of a resource. Source: pkg/apis/core/v1/defaults.go, SetDefaults_ResourceList. */
import { roundedUpToMilli } from '../kube/quantity.ts';

/** Quantities are kept in thousandths at the finest. Changes in place. */
export function roundQuantities(quantities: Record<string, string> | undefined): void {
  for (const [name, quantity] of Object.entries(quantities ?? {})) {
    if (quantities !== undefined) quantities[name] = roundedUpToMilli(quantity);
  }
}
