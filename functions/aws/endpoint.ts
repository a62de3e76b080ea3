/** Where a service of AWS answers. Source: the SDKs' settings, "Service-specific endpoints" and "FIPS endpoints". */
import { environment } from '../world.ts';

export interface Endpoint {
  readonly region: string;
  readonly endpoint: URL;
}

/** Where no region is set, nothing can be signed. */
export class MissingRegion extends Error {
  override name = 'MissingRegion';
}

const suffixOf = (region: string): string => (region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com');

export const serviceHost = (service: string, region: string): string => `${service}.${region}.${suffixOf(region)}`;

/** Partitions that are no part of the public internet are reached by an address of one's own. */
export function endpointOf(service: string, given: { readonly region?: string; readonly endpoint?: string }): Endpoint {
  const region = given.region ?? environment('AWS_REGION');
  if (region === undefined) throw new MissingRegion('Region is missing');
  const fips = environment('AWS_USE_FIPS_ENDPOINT') === 'true' ? '-fips' : '';
  const own = given.endpoint ?? environment(`AWS_ENDPOINT_URL_${service.toUpperCase()}`) ?? environment('AWS_ENDPOINT_URL');
  return { region, endpoint: new URL(own ?? `https://${serviceHost(service + fips, region)}`) };
}
