/** What CloudFormation made for a stack. */
import type { CloudAccount } from './cloud-account.ts';
import { membersAt, textAt } from './cloud-request.ts';

export interface CloudResource {
  /** Its name in the template, without the hash. */
  readonly name: string;
  /** AWS's id of it; empty before it is made. */
  readonly id: string;
  readonly type: string;
  readonly status: string;
  /** Why it has that status. */
  readonly reason: string | undefined;
}

/** A page names a hundred. */
const pagesMax = 20;

export async function resourcesOf(account: CloudAccount, stack: string): Promise<readonly CloudResource[]> {
  const found: CloudResource[] = [];
  let token: string | undefined;
  for (let page = 0; page < pagesMax; page += 1) {
    const next = token === undefined ? undefined : { NextToken: token };
    const answer = await account.query('cloudformation', 'ListStackResources', { StackName: stack, ...next });
    for (const summary of membersAt(answer, 'StackResourceSummaries'))
      found.push({
        name: (textAt(summary, 'LogicalResourceId') ?? '').replace(/[0-9A-F]{8}$/, ''),
        id: textAt(summary, 'PhysicalResourceId') ?? '',
        type: textAt(summary, 'ResourceType') ?? '',
        status: textAt(summary, 'ResourceStatus') ?? '',
        reason: textAt(summary, 'ResourceStatusReason'),
      });
    token = textAt(answer, 'NextToken');
    if (token === undefined) break;
  }
  return found;
}
