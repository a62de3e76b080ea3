/** The rules of the kind that only writes need; reads never load them. */
import type { ResourceSlice } from '../../../kube/generated/types.ts';
import { goQuote } from '../../../kube/go-quote.ts';

export { validateSlice as validate } from '../slice-validation.ts';

export const warnings = ({ spec: { driver } }: ResourceSlice): string[] =>
  driver === driver.toLowerCase()
    ? []
    : [`spec.driver: driver names should be lowercase; ${goQuote(driver)} contains uppercase characters`];
