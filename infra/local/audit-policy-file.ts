/** The audit policy file of `hibernetes up`. */
import { readFileSync } from 'node:fs';
import { type AuditPolicy, readAuditPolicy } from '../../functions/apiserver/audit/policy.ts';
import { ConfigurationError } from '../../functions/kube/configuration/configuration-error.ts';
import { isMissing } from './data-directory.ts';

export async function readAuditPolicyFile(file: string): Promise<AuditPolicy> {
  try {
    return await readAuditPolicy(readFileSync(file, 'utf8'));
  } catch (error) {
    if (error instanceof ConfigurationError)
      throw new ConfigurationError(`loading audit policy file: ${error.message}: from file ${file}`, { cause: error });
    if (isMissing(error)) throw new ConfigurationError(`loading audit policy file: there is no file ${file}`, { cause: error });
    throw error;
  }
}
