/** Names of kinds that make pods. Source: WarningsOnCreate of their strategies. */
import { dnsLabelErrors } from '../kube/names.ts';

export function nameWarnings(name: string, use = 'in Pod names and hostnames'): string[] {
  const errors = dnsLabelErrors(name);
  if (errors.length === 0) return [];
  return [`metadata.name: this is used ${use}, which can result in surprising behavior; a DNS label is recommended: [${errors.join(' ')}]`];
}
