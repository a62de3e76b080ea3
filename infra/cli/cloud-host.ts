/** Where a service of AWS answers in a Region. */
const suffix = (region: string): string => (region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com');

export const serviceHost = (service: string, region: string): string => `${service}.${region}.${suffix(region)}`;
