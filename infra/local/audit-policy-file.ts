/** The audit policy file of `hibernetes up`. */
import { readFileSync } from 'node:fs';
import { type AuditPolicy, AuditPolicyError, readAuditPolicy } from '../../functions/apiserver/audit/policy.ts';
import { isMissing } from './data-directory.ts';

export { AuditPolicyError } from '../../functions/apiserver/audit/policy.ts';

export async function readAuditPolicyFile(file: string): Promise<AuditPolicy> {
  try {
    return await readAuditPolicy(readFileSync(file, 'utf8'));
  } catch (error) {
    if (error instanceof AuditPolicyError)
      throw new AuditPolicyError(`loading audit policy file: ${error.message}: from file ${file}`, { cause: error });
    if (isMissing(error)) throw new AuditPolicyError(`loading audit policy file: there is no file ${file}`, { cause: error });
    throw error;
  }
}
